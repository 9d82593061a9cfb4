"""A validation script as contributors write them: the adaptation guide's imports, constructor call and loop."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.append(str(Path(__file__).resolve().parent.parent.parent.parent))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine
from utils.datasets.image_classification_dataset import load_data
from utils.postprocess.pytorch.classification import postprocess
from utils.preprocess.pytorch.classification import preprocess

MAX_ENGINE_NUMS = int(os.getenv("MAX_ENGINE_NUMS", 4))
max_step = int(os.environ.get("TECO_INFER_PIPELINES_MAX_STEPS", -1))


def parse_opt():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", type=str, default="resnet18_dyn.onnx")
    parser.add_argument("--data_path", type=str, default="val")
    parser.add_argument("--input_name", type=str, default="input")
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--input_size", type=int, default=64)
    parser.add_argument("--target", type=str, default="onnx")
    parser.add_argument("--dtype", type=str, default="float16")
    parser.add_argument("--pass_path", type=str, default=PASS_PATH / "resnet/resnet_pass.py")
    return parser.parse_args()


if __name__ == "__main__":
    opt = parse_opt()
    shape = opt.input_size
    input_size = [[max(opt.batch_size // MAX_ENGINE_NUMS, 1), 3, shape, shape]]
    pipeline = TecoInferEngine(
        ckpt=opt.ckpt,
        input_name=opt.input_name,
        target=opt.target,
        batch_size=opt.batch_size,
        input_size=input_size,
        dtype=opt.dtype,
        pass_path=opt.pass_path,
    )
    val_loader = load_data(opt.data_path, opt.batch_size)
    e2e_time, pre_time, run_time, post_time, ips, results, seen = [], [], [], [], [], [], 0
    for index, (images, labels) in enumerate(tqdm(val_loader)):
        start_time = time.time()
        array = preprocess(images, dtype=opt.dtype, resize_shape=shape * 256 // 224, crop_shape=shape)
        preprocess_time = time.time() - start_time
        prec = pipeline(array)
        model_time = pipeline.run_time
        if pipeline.backend in ("tvm", "onnxruntime"):
            found = [postprocess(row, target=opt.target, topk=1)[0] for row in prec]
        infer_time = time.time() - start_time
        results += [(one["label"], int(label)) for one, label in zip(found, labels.numpy(), strict=True)]
        seen += len(images)
        e2e_time.append(infer_time)
        pre_time.append(preprocess_time)
        run_time.append(model_time)
        post_time.append(infer_time - preprocess_time - model_time)
        ips.append(opt.batch_size / infer_time)
        if max_step > 0 and index >= max_step:
            break
    if "sdaa" in opt.target:
        pipeline.release()
    print("samples", seen)
    print("labels", json.dumps([label for label, _ in results]))
    print("eval_metric", np.mean([label == "palace" for label, _ in results]))
    print(
        f"summary: avg_sps: {np.mean(ips)}, e2e_time: {sum(e2e_time)}, avg_inference_time: {np.mean(run_time)}, "
        f"avg_preprocess_time: {np.mean(pre_time)}, avg_postprocess: {np.mean(post_time)}"
    )
