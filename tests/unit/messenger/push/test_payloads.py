"""What SNS is given, in the shapes that FCM, APNs and Web Push document."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from cyphr.messenger.push.channel import Notification
from cyphr.messenger.push.models import Platform
from cyphr.messenger.push.payloads import attributes_of, message_of
from cyphr.messenger.push.words import Waiting, notification_of

CHAT = "0192f000-0000-7000-8000-00000000000c"
NOTIFICATION = Notification(
    chat_id=UUID(CHAT),
    title="Anna",
    body="Привет",
    badge=3,
    waiting=2,
    link=f"https://chat.example.org/#/chats/{CHAT}",
)
DATA = {"chat": CHAT, "link": NOTIFICATION.link, "badge": "3", "waiting": "2"}
WAITING = Waiting(
    device=UUID(int=1),
    chat_id=UUID(CHAT),
    seq=7,
    silent=False,
    platform="fcm",
    token="token",
    endpoint_arn=None,
    language="en",
    preview="full",
    group_name=None,
    sender_name="Anna",
    content="hello",
    message_type="text",
    encrypted=False,
    waiting=1,
    badge=1,
)


def inner(platform: Platform, notification: Notification, *, sandbox: bool = False) -> tuple[str, dict[str, Any]]:
    message = json.loads(message_of(platform, notification, sandbox=sandbox))
    assert message.pop("default")
    ((key, text),) = message.items()
    assert isinstance(text, str), "SNS wants JSON inside a string"
    return key, json.loads(text)


def test_android_is_told_by_a_message_of_fcm_v1_that_replaces_the_one_before() -> None:
    assert inner(Platform.FCM, NOTIFICATION) == (
        "GCM",
        {
            "fcmV1Message": {
                "validate_only": False,
                "message": {
                    "notification": {"title": "Anna", "body": "Привет"},
                    "data": DATA,
                    "android": {
                        "collapse_key": CHAT,
                        "priority": "high",
                        "ttl": "86400s",
                        "notification": {"tag": CHAT, "notification_count": 3},
                    },
                },
            }
        },
    )


def test_an_iphone_is_told_by_aps_and_headers() -> None:
    assert inner(Platform.APNS, NOTIFICATION) == (
        "APNS",
        {
            "aps": {
                "alert": {"title": "Anna", "body": "Привет"},
                "badge": 3,
                "sound": "default",
                "thread-id": CHAT,
            },
            **DATA,
        },
    )
    assert attributes_of(Platform.APNS, NOTIFICATION) == {
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
        "AWS.SNS.MOBILE.APNS.PRIORITY": "10",
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": CHAT,
        "AWS.SNS.MOBILE.APNS.TTL": "86400",
    }
    assert inner(Platform.APNS, NOTIFICATION, sandbox=True)[0] == "APNS_SANDBOX"
    assert len(CHAT.encode()) <= 64, "what APNs takes as a collapse id"


def test_a_browser_is_told_with_a_topic_and_a_link() -> None:
    key, payload = inner(Platform.WEBPUSH, NOTIFICATION)
    message = payload["fcmV1Message"]["message"]
    assert key == "GCM"
    assert message["webpush"] == {
        "headers": {"TTL": "86400", "Urgency": "high", "Topic": CHAT.replace("-", "")},
        "notification": {"title": "Anna", "body": "Привет", "tag": CHAT, "renotify": True},
        "fcm_options": {"link": NOTIFICATION.link},
    }
    plain = inner(Platform.WEBPUSH, replace(NOTIFICATION, link=f"/#/chats/{CHAT}"))[1]["fcmV1Message"]["message"]
    assert "fcm_options" not in plain["webpush"], "FCM refuses a link that is not of https"


@pytest.mark.parametrize("platform", Platform)
def test_a_silent_push_changes_the_number_and_shows_nothing(platform: Platform) -> None:
    _, payload = inner(platform, replace(NOTIFICATION, silent=True))
    assert "Привет" not in json.dumps(payload, ensure_ascii=False)
    message = payload.get("fcmV1Message", {}).get("message", {})
    assert payload.get("aps") == {"badge": 3} or message["data"]["badge"] == "3"
    assert "notification" not in message
    assert "notification" not in message.get("android", {}) | message.get("webpush", {})


@pytest.mark.parametrize("platform", Platform)
def test_the_largest_push_is_taken_by_every_platform(platform: Platform) -> None:
    long = replace(WAITING, sender_name="😀" * 255, group_name="😀" * 255, content="😀" * 5000, waiting=100)
    notification = notification_of(long, public_url="https://chat.example.org/" + "x" * 200)
    _, payload = inner(platform, notification)
    assert len(json.dumps(payload, ensure_ascii=False).encode()) <= 4096


def said(**members: Any) -> tuple[str, str]:
    notification = notification_of(replace(WAITING, **members), public_url=None)
    return notification.title, notification.body


def test_a_push_says_as_much_as_its_person_wants() -> None:
    assert said() == ("Anna", "hello")
    assert said(waiting=3) == ("Anna", "hello (+2)")
    assert said(group_name="Excursion") == ("Excursion", "Anna: hello")
    assert said(preview="name") == ("Anna", "New message")
    assert said(preview="name", waiting=3, language="ru") == ("Anna", "Новые сообщения: 3")
    assert said(preview="none", group_name="Excursion", waiting=100) == ("Cyphr", "New messages: 99+")


def test_nothing_of_an_encrypted_message_is_said() -> None:
    assert said(encrypted=True, content="ciphertext") == ("Anna", "New message")


def test_what_is_not_text_is_named() -> None:
    assert said(message_type="image", content=None) == ("Anna", "Photo")
    assert said(message_type="voice", content="a caption", language="ru") == ("Anna", "Голосовое сообщение")
    assert said(message_type="something later", content="{}") == ("Anna", "New message")
