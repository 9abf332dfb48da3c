"""What people write when they act: the fields of each action."""

import random
from collections.abc import Callable
from typing import Any, Final

from config.city import City
from ingest.simulator.seen import Seen

Fields = dict[str, Any]
HOUR_MS: Final = 3_600_000

NOTES: Final[dict[str, tuple[str, ...]]] = {
    "ask_verify": ("请网格员到现场核实。", "情况不明，请先核实。"),
    "self_handle": ("现场已处置完毕，登记备案。", "已当场劝导整改。"),
    "progress": ("已到现场，正在处置。", "已联系责任单位，作业人员进场。", "材料已到位，预计今日完成。"),
    "feedback": ("已处置完毕，申请结案。", "已整改到位，现场已恢复。", "已处理，附处置后照片。"),
    "resume": ("条件具备，恢复处置。",),
    "urge": ("已超时限，请抓紧办理。", "请尽快处置并反馈。"),
    "end_deliberation": ("各方已达成一致，按意见办理。",),
    "answer_card": ("已安排专人跟进，今日内办结。",),
}
REASONS: Final[dict[str, tuple[str, ...]]] = {
    "refuse": ("不属于受理范围。", "信息不足，无法受理。"),
    "refuse_register": ("现场未见问题。", "不符合立案条件。"),
    "deliberate": ("涉及多户利益，需协商。",),
    "refuse_return": ("属本部门职责，请继续办理。", "权责清单已明确，不予回退。"),
    "return": ("非本部门职责，申请回退。", "管养单位为其他部门，请重新派遣。"),
    "ask_defer": ("作业面大，申请延期。", "需等待材料，申请延期。", "夜间施工，申请延期至次日。"),
    "refuse_defer": ("时限充足，不予延期。",),
    "ask_hang": ("受天气影响，申请挂账。", "需列入年度计划，申请挂账。"),
    "refuse_hang": ("具备处置条件，不予挂账。",),
    "reopen": ("群众反映问题未解决。",),
    "yellow_card": ("催办后仍未办结。",),
    "red_card": ("黄牌后仍未整改。",),
}
SATISFACTION: Final = ("very_satisfied", "satisfied", "satisfied", "fair", "unsatisfied")
QUALITY: Final = ("优秀", "良好", "良好", "合格")
CHECKED: Final = (("passed", 90, ""), ("failed", 8, "现场未整改到位。"), ("unable", 2, "现场围蔽，暂无法核查。"))
VERIFIED: Final = (("true", 86, "情况属实。"), ("false", 10, "现场未发现所述问题。"), ("unable", 4, "地点不详，无法核实。"))
REROUTED: Final = 0.07
TOGETHER: Final = 0.12


class Papers:
    """`limit_h`: the limit of a matter. `worker_of`: a worker of that region, for a city without departments."""

    def __init__(self, city: City, limit_h: Callable[[str], float], worker_of: Callable[[str], str]) -> None:
        self._city, self._limit_h, self._worker_of = city, limit_h, worker_of
        self._units = list(city.departments)

    def fields(self, action: str, seen: Seen, draw: random.Random, now_ms: int) -> Fields:
        """The fields that a plausible person tells with an action on that order."""
        told: Fields = {}
        if action in NOTES:
            told["note"] = draw.choice(NOTES[action])
        if action in REASONS:
            told["reason"] = draw.choice(REASONS[action])
        match action:
            case "register":
                told |= self._registered(seen, draw)
            case "dispatch":
                told |= self._dispatched(seen, draw)
            case "ask_defer":
                told["deadline_at_ms"] = self._later(seen, now_ms)
            case "verify":
                told["result"], told["note"] = _one_of(VERIFIED, draw)
            case "check":
                told["result"], reason = _one_of(CHECKED, draw)
                told |= {"reason": reason} if reason else {}
            case "end_deliberation":
                told["result"] = "resumed"
            case "evaluate":
                told["quality"] = draw.choice(QUALITY)
            case "callback":
                told |= _called_back(draw)
        return told

    def _registered(self, seen: Seen, draw: random.Random) -> Fields:
        category = seen.category or draw.choice(list(self._city.matters) or ["其他"])
        return {"category": category}

    def _dispatched(self, seen: Seen, draw: random.Random) -> Fields:
        unit = seen.route_department or seen.department or self._of_matter(seen.category)
        others = [key for key in self._units if key not in (unit, seen.lead)]
        if seen.status == "returned" or not unit or (others and draw.random() < REROUTED):
            unit = draw.choice(others) if others else unit
        if not unit:
            return {"handler": self._worker_of(seen.region)}
        together = [key for key in others if key != unit]
        return {"department": unit, **({"co_handlers": draw.choice(together)} if together and draw.random() < TOGETHER else {})}

    def _of_matter(self, category: str) -> str:
        matter = self._city.matters.get(category)
        return matter.department if matter is not None and matter.department in self._city.departments else ""

    def _later(self, seen: Seen, now_ms: int) -> int:
        more_ms = round(self._limit_h(seen.category) * HOUR_MS * 0.5)
        later_ms = max(seen.deadline_at_ms or 0, now_ms) + max(more_ms, HOUR_MS)
        return later_ms - later_ms % (HOUR_MS // 2)


def _called_back(draw: random.Random) -> Fields:
    """What a citizen answers: who is content has mostly been helped; a few are not asked everything."""
    said = draw.choice(SATISFACTION)
    helped = draw.random() < (0.35 if "unsatisfied" in said else 0.97)
    answers = {"contacted": "yes" if draw.random() < 0.96 else "no", "solved": "yes" if helped else "no"}
    return {"satisfaction": said, **{key: answer for key, answer in answers.items() if draw.random() < 0.95}}


def _one_of(choices: tuple[tuple[str, int, str], ...], draw: random.Random) -> tuple[str, str]:
    result, _, words = draw.choices(choices, [weight for _, weight, _ in choices])[0]
    return result, words
