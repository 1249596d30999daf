"""What SNS is given for each platform: a JSON object of JSON strings, and attributes that become APNs' headers.

FCM's HTTP v1 form reaches Android and browsers, APNs has its own. All of them know a name by which a newer notification
takes the place of an older one: here the chat's.
"""

import json
from typing import Any

from cyphr.messenger.push.channel import Notification
from cyphr.messenger.push.models import Platform

LONGEST_BODY = 200
"""Characters. APNs and FCM refuse payloads above 4 KB, and no screen shows more."""

_DAY = 24 * 3600


def message_of(platform: Platform, notification: Notification, *, sandbox: bool = False) -> str:
    """The ``Message`` of a publish with ``MessageStructure=json``. ``sandbox``: of APNs, for apps under development."""
    if platform is Platform.APNS:
        key, payload = "APNS_SANDBOX" if sandbox else "APNS", _apns(notification)
    else:
        message = _android(notification) if platform is Platform.FCM else _web(notification)
        key, payload = "GCM", {"fcmV1Message": {"validate_only": False, "message": message}}
    inner = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return json.dumps({"default": notification.body or notification.title, key: inner}, ensure_ascii=False)


def attributes_of(platform: Platform, notification: Notification, *, sandbox: bool = False) -> dict[str, str]:
    """The ``MessageAttributes`` of a publish, all of type String."""
    if platform is not Platform.APNS:
        return {"AWS.SNS.MOBILE.FCM.TTL": str(_DAY)}
    return {
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",  # also for a badge alone: "background" may not change it
        "AWS.SNS.MOBILE.APNS.PRIORITY": "5" if notification.silent else "10",
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": str(notification.chat_id),
        f"AWS.SNS.MOBILE.{'APNS_SANDBOX' if sandbox else 'APNS'}.TTL": str(_DAY),
    }


def _apns(notification: Notification) -> dict[str, Any]:
    aps: dict[str, Any] = {"badge": notification.badge}
    if not notification.silent:
        aps["alert"] = {"title": notification.title, "body": notification.body}
        aps["sound"] = "default"
        aps["thread-id"] = str(notification.chat_id)
    return {"aps": aps, **_data(notification)}


def _android(notification: Notification) -> dict[str, Any]:
    android: dict[str, Any] = {
        "collapse_key": str(notification.chat_id),
        "priority": "normal" if notification.silent else "high",
        "ttl": f"{_DAY}s",
    }
    message: dict[str, Any] = {"data": _data(notification), "android": android}
    # Without "notification" it is a data message: the app updates its number and shows nothing.
    if not notification.silent:
        message["notification"] = {"title": notification.title, "body": notification.body}
        android["notification"] = {"tag": str(notification.chat_id), "notification_count": notification.badge}
    return message


def _web(notification: Notification) -> dict[str, Any]:
    webpush: dict[str, Any] = {
        # A topic is at most 32 characters of URL-safe base64: the chat's id without its hyphens.
        "headers": {
            "TTL": str(_DAY),
            "Urgency": "low" if notification.silent else "high",
            "Topic": notification.chat_id.hex,
        }
    }
    if not notification.silent:
        webpush["notification"] = {
            "title": notification.title,
            "body": notification.body,
            "tag": str(notification.chat_id),
            "renotify": True,
        }
        # FCM takes links of https only; without one the service worker opens what "data" says.
        if notification.link.startswith("https://"):
            webpush["fcm_options"] = {"link": notification.link}
    return {"data": _data(notification), "webpush": webpush}


def _data(notification: Notification) -> dict[str, str]:
    # FCM takes strings only.
    return {
        "chat": str(notification.chat_id),
        "link": notification.link,
        "badge": str(notification.badge),
        "waiting": str(notification.waiting),
    }
