"""Chinese sentences written for this project, each with a character of several readings and the one that is right."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.polyphones import READINGS, SENTENCES
from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

WRITTEN = (
    ("这条河很▁长▁。", "chang2"),
    ("孩子们▁长▁得很快。", "zhang3"),
    ("他是我们学校的校▁长▁。", "zhang3"),
    ("我家附近有一家银▁行▁。", "hang2"),
    ("这样做不▁行▁。", "xing2"),
    ("队伍排成一▁行▁。", "hang2"),
    ("我们一起去旅▁行▁吧。", "xing2"),
    ("她喜欢听音▁乐▁。", "yue4"),
    ("大家都很快▁乐▁。", "le4"),
    ("请把书▁还▁给图书馆。", "huan2"),
    ("他▁还▁没有回来。", "hai2"),
    ("这个箱子太▁重▁了。", "zhong4"),
    ("请▁重▁新写一遍。", "chong2"),
    ("这是一个▁重▁要的问题。", "zhong4"),
    ("他▁着▁急地跑过来。", "zhao2"),
    ("窗户开▁着▁。", "zhe5"),
    ("我▁得▁走了。", "dei3"),
    ("他唱歌唱▁得▁很好。", "de5"),
    ("她取▁得▁了好成绩。", "de2"),
    ("我们▁都▁是学生。", "dou1"),
    ("北京是中国的首▁都▁。", "du1"),
    ("他们▁正▁在开会。", "zheng4"),
    ("今天是▁正▁月初一。", "zheng1"),
    ("事情已经完成▁了▁。", "le5"),
    ("我不▁了▁解这件事。", "liao3"),
    ("他出▁差▁去上海。", "chai1"),
    ("两个数相▁差▁很大。", "cha4"),
    ("天气预报说明天▁会▁下雨。", "hui4"),
    ("公司的▁会▁计很认真。", "kuai4"),
    ("这件衣服很▁便▁宜。", "pian2"),
    ("在这里坐车很方▁便▁。", "bian4"),
    ("他把种▁子▁种在地里。", "zi5"),
    ("农民在田里▁种▁菜。", "zhong4"),
    ("世界上有很多▁种▁语言。", "zhong3"),
    ("请大家安静▁地▁坐下。", "de5"),
    ("这块土▁地▁很肥沃。", "di4"),
    ("他▁为▁人民服务。", "wei4"),
    ("我们以他▁为▁榜样。", "wei2"),
    ("晚上他在家▁教▁孩子画画。", "jiao1"),
    ("他的▁教▁育方法很好。", "jiao4"),
)


@written_once
def write_polyphones(folder: Path) -> None:
    """Write sample.sent and sample.lb. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    write_text(folder / f"sample{SENTENCES}", "".join(f"{sentence}\n" for sentence, _ in WRITTEN))
    write_text(folder / f"sample{READINGS}", "".join(f"{reading}\n" for _, reading in WRITTEN))
