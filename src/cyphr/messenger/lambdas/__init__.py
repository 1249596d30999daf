"""The AWS runtime: one handler per function, all of them calling the same features as the process does.

What a function's start is spared stands here, because this is what it imports first; see docs/decisions/0080. Only in a
function: whoever imports a handler elsewhere keeps the process that they have.
"""

import gc
import os
import sys
import warnings

IN_A_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

if IN_A_FUNCTION:
    # Until a handler is defined (``container.invocation``): imports make a great deal and leave next to nothing to
    # collect.
    gc.disable()

    # pydantic would read the metadata of every installed package, in search of plugins that nobody here has.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

    # botocore would import pyOpenSSL only to be told that the standard library's SSLContext is the standard library's,
    # FastAPI the first pydantic to ask of each type whether it is one of its models.
    for unneeded in ("urllib3.contrib.pyopenssl", "pydantic.v1"):
        sys.modules.setdefault(unneeded, None)  # type: ignore[arg-type]

    from pydantic import BaseModel  # reads what was set
    from pydantic.warnings import UnsupportedFieldAttributeWarning

    # A model is made ready when it is first used, which in one container few are: FastAPI's alone, for the description
    # of an API, are a tenth of all that is imported.
    BaseModel.model_config["defer_build"] = True
    # Said of how FastAPI names a body, which keeps it from being said where it makes them ready at once.
    warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
