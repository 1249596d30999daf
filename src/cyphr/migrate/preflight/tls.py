"""Both connections are encrypted and the servers' certificates verified, unless they never leave this machine."""

import ssl
from datetime import timedelta

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.certificate import Certificate, is_loopback, read_certificate
from cyphr.migrate.preflight.context import Context, Refusal, refusal
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok, warning

_SOON = timedelta(days=30)


async def _look(context: Context) -> Finding:
    findings = [await _look_at(context, side) for side in Side]
    for level in (Level.FAILURE, Level.WARNING, Level.OK):
        saw = [finding.saw for finding in findings if finding.level is level]
        if saw:
            mend = next((finding.mend for finding in findings if finding.level is level and finding.mend), None)
            return Finding(level, "; ".join(saw), mend)
    return findings[0]


async def _look_at(context: Context, side: Side) -> Finding:
    database = context.database(side)
    words = context.refusals.get(side, "")
    if refusal(words) is Refusal.ENCRYPTION:
        return _explain(side, " ".join(words.split()), database.sslmode)
    if is_loopback(database.host) and database.sslmode != "verify-full":
        return ok(f"{side}: on this machine, sslmode {database.sslmode}")
    if database.sslmode != "verify-full":
        return failure(
            f"{side}: sslmode {database.sslmode} does not make sure that {database.host} is the server you mean",
            "Set sslmode = \"verify-full\" and sslrootcert to the authorities: RDS' region bundle, Supabase's "
            "certificate from its database settings.",
        )
    try:
        certificate = await read_certificate(database)
    except ssl.SSLError as error:
        return failure(f"{side}: the certificate of {database.host} was not accepted: {error.reason or error}")
    except (OSError, TimeoutError) as error:
        return Finding(Level.UNKNOWN, f"{side}: no certificate could be read from {database.host}: {error}")
    if certificate is None:
        return failure(f"{side}: the server at {database.host}:{database.port} offers no TLS")
    return _judge(context, side, certificate)


def _judge(context: Context, side: Side, certificate: Certificate) -> Finding:
    saw = f"{side}: {certificate.subject}, signed by {certificate.issuer}, until {certificate.expires:%Y-%m-%d}"
    if certificate.expires - context.clock() < _SOON:
        return warning(f"{saw}, which is soon", "Have the certificate renewed before the migration begins.")
    return ok(saw)


def _explain(side: Side, words: str, sslmode: str) -> Finding:
    if "no encryption" in words:
        return failure(
            f"28000: {side} lets nobody in without TLS, and the connection had none (sslmode {sslmode}): {words}",
            'Set sslmode = "verify-full" and sslrootcert; RDS demands TLS from PostgreSQL 15 on (rds.force_ssl).',
        )
    return failure(f"{side}: {words}")


CHECK = Check(
    name="tls",
    worst=Level.FAILURE,
    why="RDS refuses a connection without TLS (28000: no pg_hba.conf entry … no encryption), and one that does not "
    "verify the server can be read by whoever sits between.",
    mend="Set sslrootcert to a PEM with the authority that signed the server's certificate: RDS' region bundle, or "
    "Supabase's certificate; the host must be the name in it.",
    look=_look,
)
