"""The address of a bucket: read, and refused without showing its secret."""

import pytest

from config.bucket import Bucket, read_bucket
from config.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        ("s3://k:s@minio:9000/b", Bucket("k", "s", "minio:9000", "b")),
        ("s3://k:a%2Fb%40c@minio:9000/b/x/y/?scheme=http", Bucket("k", "a/b@c", "minio:9000", "b/x/y", "http")),
        (
            "s3://k:s@oss-cn-shenzhen.aliyuncs.com/b?region=cn-shenzhen&style=virtual",
            Bucket("k", "s", "oss-cn-shenzhen.aliyuncs.com", "b", "https", "cn-shenzhen", "virtual"),
        ),
        ("s3://k:s@[::1]:9000/b", Bucket("k", "s", "[::1]:9000", "b")),
    ],
)
def test_an_address_tells_where_a_bucket_is(url: str, bucket: Bucket) -> None:
    assert read_bucket(url) == bucket


@pytest.mark.parametrize(
    "url",
    [
        "http://k:topsecret@h/b",
        "s3://h/b",
        "s3://k@h/b",
        "s3://k:topsecret@h",
        "s3://k:topsecret@h/",
        "s3://k:topsecret@/b",
        "s3://k:topsecret@h/b/../c",
        "s3://k:topsecret@h/b//c",
        "s3://k:topsecret@h/b?scheme=ftp",
        "s3://k:topsecret@h/b?style=odd",
        "s3://k:topsecret@h/b?colour=red",
        "s3://k:topsecret@h/b?region=",
        "s3://k:topsecret@h:99999/b",
        "s3://k:topsecret@h/b#x",
        "s3://k:topsecret@[::1/b",
        "s3://k:top/secret@h/b",
    ],
)
def test_a_wrong_address_is_refused_and_its_secret_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({"GRIDHALL_FILES_URL": url})
    assert "s3://KEY:SECRET@" in str(told.value) and "topsecret" not in str(told.value)


def test_without_a_bucket_files_lie_below_the_data_folder() -> None:
    settings = load_settings({})
    assert (settings.files_url, settings.file_max_bytes) == ("", 10 << 20)
