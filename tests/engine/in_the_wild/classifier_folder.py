"""Every picture of a folder, in the form of upstream's example_multi_batch.py: what cannot be opened is passed over."""

import argparse
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine
from utils.postprocess.pytorch.classification import postprocess
from utils.preprocess.pytorch.classification import preprocess

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", type=str)
    parser.add_argument("--data-path", type=str)
    parser.add_argument("--input_name", type=str, default="vgg16")
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--target", default="sdaa")
    parser.add_argument("--dtype", type=str, default="float32")
    parser.add_argument("--divide", type=bool, default=True)
    parser.add_argument("--pass_path", default=PASS_PATH / "resnet/resnet_pass_5d.py")
    opt = parser.parse_args()
    units = int(os.getenv("MAX_ENGINE_NUMS", 4))
    infer_engine = TecoInferEngine(
        ckpt=opt.ckpt, batch_size=opt.batch_size, input_size=[[max(opt.batch_size // units, 1), 3, 224, 224]],
        input_name=opt.input_name, target=opt.target, dtype=opt.dtype, backend="tvm", pass_path=opt.pass_path,
    )  # fmt: skip
    for file_name in sorted(os.listdir(opt.data_path)):
        file_path = os.path.join(opt.data_path, file_name)
        try:
            images = preprocess(image_path=file_path, dtype=opt.dtype)
            prec = infer_engine(images)
            output = postprocess(prec, target=opt.target, topk=2)
            print(file_name, ", ".join(one["label"] for one in output))
        except IOError:  # noqa: UP024 — as such scripts write it
            print("cannot open", file_name)
    if "sdaa" in opt.target:
        infer_engine.release()
