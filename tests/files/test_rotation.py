import msgspec

from api.app import create_app
from api.files import reseal
from api.settings import Settings
from tests.conftest import Cast, SetClock, serving
from tests.faults.process import run, served
from tests.files.conftest import PDF, uploaded
from tests.files.pictures import photo

OLD, NEW = "an-old-key-that-nobody-guesses-0042", "a-new-key-that-nobody-guesses-12345"


def with_keys(settings: Settings, *keys: str) -> Settings:
    return msgspec.structs.replace(settings, env="production", encryption_key=",".join(keys))


def sealed_with(settings: Settings) -> set[str]:
    """Ids of the keys that the files in the folder name."""
    blobs = [path for path in (settings.data_dir / "files").rglob("*") if path.is_file()]
    return {path.read_bytes()[4:12].hex() for path in blobs}


async def test_files_are_sealed_anew_while_they_can_be_read(cast: Cast, settings: Settings, clock: SetClock) -> None:
    files = [await uploaded(cast.pat, PDF, "scan.pdf"), await uploaded(cast.pat, photo(600, 400), "tap.jpg")]
    before = [(await cast.pat.get(f"/files/{found['id']}")).content for found in files]
    made = (settings.data_dir / "encryption-key").read_text()
    app = create_app(with_keys(settings, NEW, made), clock)
    async with serving(app, settings) as address:
        cast.pat.base_url = f"{address}{cast.pat.base_url.path}"
        assert [(await cast.pat.get(f"/files/{found['id']}")).content for found in files] == before
        state = app._app.state
        while await reseal.step(state.files, state.db):
            pass
    await read_with_the_new_key_alone(cast, with_keys(settings, NEW), clock, [found["id"] for found in files], before)


async def read_with_the_new_key_alone(
    cast: Cast, settings: Settings, clock: SetClock, ids: list[str], before: list[bytes]
) -> None:
    async with serving(create_app(settings, clock), settings) as address:
        cast.pat.base_url = f"{address}{cast.pat.base_url.path}"
        assert [(await cast.pat.get(f"/files/{file_id}")).content for file_id in ids] == before
        assert (await cast.pat.get(f"/files/{ids[1]}?variant=thumbnail")).status_code == 200


async def test_the_command_seals_everything_anew_and_says_so(settings: Settings) -> None:
    with served(settings, PORCHLIGHT_ENCRYPTION_KEY=OLD) as server:
        await server.book("1")
        async with server.client("pat") as pat:
            ids = [(await uploaded(pat, PDF, "scan.pdf"))["id"] for _ in range(3)]
    keys = {"PORCHLIGHT_ENCRYPTION_KEY": f"{NEW},{OLD}"}
    shown = run(settings, "check", **keys).stdout.splitlines()
    assert sealed_with(settings) == {shown[-1].split()[2]}
    done = run(settings, "rotate-keys", **keys)
    assert shown[-2].split()[2] in sealed_with(settings)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "* 3 files sealed anew, 0 still need an older key")
    with served(settings, PORCHLIGHT_ENCRYPTION_KEY=NEW) as server:
        async with server.client("pat") as pat:
            assert [(await pat.get(f"/files/{file_id}")).content for file_id in ids] == [PDF] * 3
