"""Invented people and devices. Numbers begin with 100: no subscriber in China has such a number."""

from collections.abc import Sequence

import numpy as np

from config.city_model import RosterEntry

_FAMILY = (
    "陈梁黄何李张吴罗林冯潘谭区关麦欧杨周邓郭曾徐朱郑霍劳孔卢叶苏刘王胡蔡简邝冼庞马高谢彭钟莫岑邹甘颜招余范温黎邵"
)
_FAMILY_WEIGHT = np.array([9, 8, 8, 6, 7, 5, 4, 4, 4, 3, 3, 3, 2, 3, 2, 2] + [1] * (len(_FAMILY) - 16), float)
_WOMEN = "婷敏静丽燕娟玲洁雯欣怡颖慧琳芳珊莹霞媚倩瑶琪妍秀惠蓉冰仪嘉咏彩凤桂兰玉"
_MEN = "强伟杰明华辉俊锋健斌豪浩军勇文波志坚荣昌亮涛鹏庆泽铭炜权国成广乐宏富雄添"
_MIDDLE = "家志文永伟嘉国建少惠淑美丽秀晓海俊泽子思婉锦兆焕润绮耀德"

TIER_OF = {"lead": 1, "full": 1, "inspector": 2, "police": 2, "fire": 2, "part": 3, "volunteer": 4, "other": 4}


def names(n: int, rng: np.random.Generator) -> list[str]:
    """`n` plausible names, Cantonese in flavour; some occur twice, as they do."""
    family = rng.choice(list(_FAMILY), n, p=_FAMILY_WEIGHT / _FAMILY_WEIGHT.sum())
    given = [rng.choice(list(chars), n) for chars in (_WOMEN, _MEN)]
    middle, single, sex = rng.choice(list(_MIDDLE), n), rng.random(n) < 0.18, rng.integers(0, 2, n)
    return [
        f"{family[k]}{'' if single[k] or middle[k] == given[sex[k]][k] else middle[k]}{given[sex[k]][k]}"
        for k in range(n)
    ]


def roster(
    grids: Sequence[str], counts: dict[str, int], prefix: str, owntracks_user: str, rng: np.random.Generator
) -> list[RosterEntry]:
    """Workers by role, dealt to the grids in turn so that each gets its share; ids `prefix` + a number from 1.

    Devices: of ten workers five carry a JT/T 808 terminal, three the Traccar Client, two OwnTracks; one in 25 has a
    second one.
    """
    total = sum(counts.values())
    width = max(4, len(str(total)))
    called = names(total, rng)
    entries, n = [], 0
    for role, count in counts.items():
        places: list[str] = []
        while len(places) < count:
            places += list(grids) if count - len(places) >= len(grids) else _some(grids, count - len(places), rng)
        for place in places:
            worker, phone = f"{prefix}{n + 1:0{width}d}", f"100{int(grids[0][2:6]):04d}{n + 1:04d}"[:11]
            if total > 9999:
                phone = f"100{grids[0][4:6]}{n + 1:06d}"
            devices = _devices(n, worker, phone, owntracks_user)
            entries.append(RosterEntry(worker, called[n], role, TIER_OF[role], place, phone, devices))
            n += 1
    return entries


def _some(grids: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    return [grids[k] for k in sorted(rng.choice(len(grids), n, replace=False).tolist())]


def _devices(n: int, worker: str, phone: str, owntracks_user: str) -> tuple[str, ...]:
    low = worker.lower()
    first = phone if n % 10 < 5 else low if n % 10 < 8 else f"{owntracks_user}/{low}"
    return (first, f"{low}-b") if n % 25 == 7 else (first,)
