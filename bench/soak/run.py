"""A wall that stays open while the network is lost and the server dies again and again: what it weighs before and after.

The browser enters by a wall's link, through a relay that is the network. The figures are those of the page after forced
collections, in one scene, when the link stands: first after the warm-up, which has gone through a loss, a restart and all
scenes too, then at the end.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.chrome import launch
from bench.soak import judge
from bench.soak.relay import Relay
from bench.soak.town import Town

WARM_SHARE: Final = 0.35  # of the time, at most LONGEST_WARM_S
LONGEST_WARM_S: Final = 420.0
LEAST_SHARE: Final = 0.4  # that is lived and judged after it
LOSS_S: Final = 12.0
HEALS_WITHIN_S: Final = 60.0  # back-off of at most 30 s, times its jitter
ROUND_S: Final = 2.0
FPS_EVERY_S: Final = 8.0
SETTLE_S: Final = 3.0
MOMENTS: Final = 4
HEAR: Final = """() => {
  const { live, map } = globalThis.gridhall ?? {}
  return live?.link.connected && live.figures && map?.of?.('map') && Date.now() - live.frameAtMs < 3000
}"""
SCENE: Final = "gridhall.scenes.current()"
SCENES: Final = "Object.keys(gridhall.scenes.shipped().scenes)"
ALARM: Final = "Boolean(gridhall.scenes.alarm())"
SHOW: Final = "key => gridhall.scenes.show(key, {quietly: true})"
FPS: Final = "gridhall.measureFps()"
OPEN: Final = """id => gridhall.shell.select(id && {kind: 'worker', id})"""
DETACHED: Final = """function () {
  const outside = (node) => { try { return !node.isConnected } catch { return false } } // a prototype is no node
  return Array.prototype.filter.call(this, outside).length
}"""


class Soak:
    """One page under way. `turns`: how often the scene has changed, `alarms` by an emergency; `fps`: since the warm-up."""

    def __init__(self, town: Town, relay: Relay, page: Page, cdp: CDPSession) -> None:
        self.town, self.relay, self.page, self.cdp = town, relay, page, cdp
        self.begun_s = time.monotonic()
        self.scene, self.scenes, self.turns = "", set[str](), 0
        self.losses = self.restarts = self.opened = self.alarms = 0
        self.fps: list[float] = []
        self._troubles = (self._lose_network, self._open_worker, self._restart, self._open_worker)
        self._next = 0
        self._fps_at_s = 0.0

    def at_s(self) -> float:
        return time.monotonic() - self.begun_s

    def warm_up(self, until_s: float) -> None:
        """Once everything that will happen: what is made at the first time only is made then."""
        for happens in self._troubles[:3]:
            happens()
        every = set(self.page.evaluate(SCENES))
        while self.at_s() < until_s or (not (every <= self.scenes and self.alarms) and self.at_s() < until_s * 1.5):
            if missing := sorted(every - self.scenes):
                self.page.evaluate(SHOW, missing[0])
            self._wait(ROUND_S)
            self._look()

    def live(self, until_s: float, every_s: float) -> None:
        """Let the page live until then, with a loss or restart every so many seconds, which it has to heal by itself, and
        somebody at the screen between them.
        """
        next_s = self.at_s() + every_s / 2
        while self.at_s() < until_s:
            self._look()
            if self.at_s() >= next_s and self.at_s() + LOSS_S < until_s:
                self._troubles[self._next % len(self._troubles)]()
                self._next += 1
                next_s = self.at_s() + every_s / 2
            self._wait(ROUND_S)

    def _wait(self, seconds: float) -> None:
        self.page.wait_for_timeout(seconds * 1000)

    def _look(self) -> None:
        scene = self.page.evaluate(SCENE)
        if scene != self.scene:
            self.scene, self.turns = scene, self.turns + 1
            self.scenes.add(scene)
            self.alarms += self.page.evaluate(ALARM)
        if self.at_s() >= self._fps_at_s:
            self._fps_at_s = self.at_s() + FPS_EVERY_S
            rate = self.page.evaluate(FPS)
            if rate is not None:
                self.fps.append(rate)

    def _lose_network(self) -> None:
        self.losses += 1
        self.relay.lose()
        self._wait(LOSS_S)
        self.relay.mend()
        self.heal()

    def _restart(self) -> None:
        self.restarts += 1
        self.town.kill_web()
        self._wait(ROUND_S)
        self.heal()

    def _open_worker(self) -> None:
        """Somebody opens a dossier beside the map and closes it again."""
        self.opened += 1
        self.page.evaluate(OPEN, self.town.workers[self.opened % 50])
        self.page.wait_for_selector("#drawer:not([hidden])", timeout=HEALS_WITHIN_S * 1000)
        self._wait(ROUND_S)
        self.page.evaluate(OPEN, None)
        self.page.wait_for_selector("#drawer", state="hidden", timeout=HEALS_WITHIN_S * 1000)

    def heal(self) -> None:
        """Wait until the page hears the server again, without help."""
        self.page.wait_for_function(HEAR, timeout=HEALS_WITHIN_S * 1000)

    def screens(self) -> list[dict[str, Any]]:
        """The server's screens, when each has told of itself since the last restart."""
        until_s = self.at_s() + HEALS_WITHIN_S
        while not all(one["health"] for one in self.town.screens()) and self.at_s() < until_s:
            self._wait(ROUND_S)
        return self.town.screens()

    def weigh(self) -> judge.Weight:
        """What the page weighs now, in the first scene, with the link up: the least of some moments, each after a collection,
        since what a fade or a timer still holds is gone a moment later.
        """
        self.heal()
        self.page.evaluate(SHOW, "overview")
        self._wait(SETTLE_S)
        self.heal()
        moments = [self._moment() for _ in range(MOMENTS)]
        least = {name: min(getattr(one, name) for one in moments) for name in ("heap_mb", "nodes", "detached", "listeners")}
        return judge.Weight(at_s=moments[-1].at_s, **least)

    def _moment(self) -> judge.Weight:
        self._wait(1.0)
        self.cdp.send("HeapProfiler.collectGarbage")
        detached = self._detached()
        self.cdp.send("HeapProfiler.collectGarbage")
        told = {metric["name"]: metric["value"] for metric in self.cdp.send("Performance.getMetrics")["metrics"]}
        return judge.Weight(
            at_s=round(self.at_s(), 1), heap_mb=round(told["JSHeapUsedSize"] / 1e6, 2), nodes=int(told["Nodes"]),
            detached=detached, listeners=int(told["JSEventListeners"]),
        )  # fmt: skip

    def _detached(self) -> int:
        """Nodes that scripts hold and that stand in no document."""
        kind = self.cdp.send("Runtime.evaluate", {"expression": "Node.prototype", "objectGroup": "soak"})["result"]["objectId"]
        found = self.cdp.send("Runtime.queryObjects", {"prototypeObjectId": kind, "objectGroup": "soak"})["objects"]["objectId"]
        call = {"objectId": found, "functionDeclaration": DETACHED, "returnByValue": True}
        count = int(self.cdp.send("Runtime.callFunctionOn", call)["result"]["value"])
        self.cdp.send("Runtime.releaseObjectGroup", {"objectGroup": "soak"})
        return count


def run(
    minutes: float, workers: int = 5000, *, fix_s: float = 5.0, turn_s: int = 10, trouble_s: float = 90.0,
    weigh_s: float = 300.0, fps_share: float = judge.FPS_SHARE, size: tuple[int, int] = (1920, 1080),
    say: Callable[[str], None] = lambda text: None, harm: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A soak of so many minutes: {minutes, workers, warm, end, between, fps, scenes, turns, losses, restarts, alarms, opened,
    screens, faults}. `fix_s`: seconds between two fixes of a worker; `turn_s`: of a scene; `trouble_s`: between a loss and a
    restart; `weigh_s`: between two weighings; `fps_share`: what must be left of the frame rate. `harm` is a script for the page
    after its warm-up, to see that a soak finds what leaks.
    """
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    town = relay = None
    try:
        town = Town(folder, workers, fix_s, turn_s)
        relay = Relay(town.web_port)
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai")
            page.set_default_timeout(60_000)
            page.goto(f"http://127.0.0.1:{relay.port}/{town.wall_link()}")
            page.wait_for_function(HEAR)
            cdp = page.context.new_cdp_session(page)
            cdp.send("Performance.enable")
            return _soaked(Soak(town, relay, page, cdp), minutes, trouble_s, weigh_s, fps_share, say, harm)
    finally:
        if relay:
            relay.end()
        if town:
            town.end()
        shutil.rmtree(folder, ignore_errors=True)


def _soaked(
    soak: Soak, minutes: float, trouble_s: float, weigh_s: float, fps_share: float, say: Callable[[str], None], harm: str
) -> dict[str, Any]:
    soak.page.evaluate("window.soaked = 1")
    whole_s = minutes * 60
    warm_s = min(whole_s * WARM_SHARE, LONGEST_WARM_S)
    soak.warm_up(warm_s)
    warm = soak.weigh()
    say(f"warm    {warm}")
    soak.fps.clear()
    if harm:
        soak.page.evaluate(harm)
    between: list[judge.Weight] = []
    begun_s = soak.at_s()
    end_s = max(whole_s, begun_s + whole_s * LEAST_SHARE)  # a busy machine warms up slowly
    parts = max(1, round((end_s - begun_s) / weigh_s))
    for part in range(1, parts + 1):
        soak.live(begun_s + (end_s - begun_s) * part / parts, trouble_s)
        between.append(soak.weigh())
        say(f"{between[-1].at_s / 60:5.1f} m {between[-1]}")
    return _told(soak, minutes, warm, between, judge.faults(warm, between[-1], soak.fps, fps_share))


def _told(
    soak: Soak, minutes: float, warm: judge.Weight, between: list[judge.Weight], faults: list[str]
) -> dict[str, Any]:
    if soak.page.evaluate("window.soaked") != 1:
        faults.append("the page was loaded anew")
    screens = soak.screens()
    if len(screens) != 1:
        faults.append(f"the server holds {len(screens)} screens for one page")
    if soak.town.refused:
        faults.append(f"{soak.town.refused} facts were refused")
    return {
        "minutes": minutes, "workers": len(soak.town.workers), "warm": msgspec.structs.asdict(warm),
        "end": msgspec.structs.asdict(between[-1]), "between": [msgspec.structs.asdict(one) for one in between[:-1]],
        "fps": judge.thirds(soak.fps), "scenes": sorted(soak.scenes), "turns": soak.turns, "losses": soak.losses,
        "restarts": soak.restarts, "alarms": soak.alarms, "opened": soak.opened, "screens": screens, "faults": faults,
    }  # fmt: skip
