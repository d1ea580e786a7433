"""Whether a bundle is signed by whom the device believes. ``cryptography`` is loaded here, in the update's process.

The device's first list of keys comes with its card. A newer list is believed when a root of the list before signed it
and its serial is higher: so a lost release key is replaced by the root, and a root by the other root. An older list
never comes back.
"""

from __future__ import annotations

from devices.contract.update.manifest import (
    BUNDLE_DOMAIN,
    KEYS_DOMAIN,
    BundleError,
    Key,
    KeyList,
    Manifest,
    Signed,
    read_keys,
    read_manifest,
    to_sign,
)


def verify_bundle(signed: Signed, keys: KeyList) -> Manifest:
    """Return the manifest, signed by a release key of ``keys``.

    Raises:
        BundleError: ``signature`` or ``form``.
    """
    _verify(BUNDLE_DOMAIN, signed, keys.release, "a release key")
    return read_manifest(signed.text.encode())


def newer_keys(signed: Signed, keys: KeyList) -> KeyList | None:
    """Return the list of keys in ``signed`` where it is newer than ``keys`` and a root of these signed it; None where it is not newer.

    Raises:
        BundleError: it is newer and not rightly signed.
    """
    listed = read_keys(signed.text.encode())
    if listed.serial <= keys.serial:
        return None
    _verify(KEYS_DOMAIN, signed, keys.root, "a root key")
    return listed


def is_signed(domain: bytes, text: bytes, public: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is ``public``'s (Ed25519, RFC 8032) under a document."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, to_sign(domain, text))
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify(domain: bytes, signed: Signed, keys: tuple[Key, ...], whose: str) -> None:
    known = {key.key_id: bytes.fromhex(key.public) for key in keys}
    if not any(s.key_id in known for s in signed.signatures):
        there = ", ".join(s.key_id for s in signed.signatures) or "nobody"
        raise BundleError("signature", f"signed by {there}: not {whose} that is known here")
    text = signed.text.encode()
    for one in signed.signatures:
        if one.key_id in known and is_signed(domain, text, known[one.key_id], bytes.fromhex(one.signature)):
            return
    raise BundleError("signature", "the signature is wrong")
