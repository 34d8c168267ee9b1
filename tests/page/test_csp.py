"""The page runs and shows what is its own, and nothing else."""

from __future__ import annotations

import json

import pytest

from convscope.page.csp import content_security_policy, island

ATTACKS = ["</script><script>alert(1)</script>", "<!--", "&amp;", "a\u2028b\u2029c", '"\\', "שלום 👩‍🔬", "\x00"]


@pytest.mark.parametrize("text", ATTACKS)
def test_data_cannot_leave_its_element_and_comes_back_whole(text: str) -> None:
    written = island({text: [text]})
    assert json.loads(written) == {text: [text]}
    assert not set("<>&\u2028\u2029") & set(written)


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        island({"loss": float("nan")})


def test_the_policy_allows_these_texts_by_hash_and_no_connection() -> None:
    policy = content_security_policy(["alert(1)"], ["p{}"])
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe" not in policy
