"""The public addresses of files, below the messenger's own: what stands before the buckets in production."""

SUPABASE_PATH = "/storage/v1/object/public"
CLOUDFRONT_PATH = "/cdn"

PUBLIC_BUCKET = "avatars"
"""The only one of Supabase's buckets that anybody may read; the others need a signed address."""
SUPABASE_ISSUER = "https://rehearsal.supabase.test/auth/v1"
"""The ``iss`` of tokens that the Supabase side's Auth would issue."""
SNS_PATH = "/sns"
"""Where functions publish pushes, so that they can be shown."""
