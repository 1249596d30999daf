"""The AWS runtime: one handler per function, all of them calling the same features as the process does.

What a function's start is spared stands here, because this is what it imports first; see docs/decisions/0080.
"""

import gc
import os
import sys

# Until a handler is defined (``container.invocation``): imports make a great deal and leave next to nothing to collect.
gc.disable()

# pydantic would read the metadata of every installed package, in search of plugins that nobody here has.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# botocore would import pyOpenSSL only to be told that the standard library's SSLContext is the standard library's,
# FastAPI the first pydantic to ask of each type whether it is one of its models.
for unneeded in ("urllib3.contrib.pyopenssl", "pydantic.v1"):
    sys.modules.setdefault(unneeded, None)  # type: ignore[arg-type]

from pydantic import BaseModel  # noqa: E402 - reads what was set

# A model is made ready when it is first used, which in one container few are: FastAPI's alone, for the description of
# an API, are a tenth of all that is imported.
BaseModel.model_config["defer_build"] = True
