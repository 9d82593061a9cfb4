# Two images of the zoo, for CPUs:
#
#   docker build --target runtime -t zoo .       # runs exported models: the light core
#   docker build --target full -t zoo:full .     # exports them too
#   docker run --rm -v "$PWD:/work" zoo single lenet --ckpt lenet_dyn.onnx --data_path digit.png
#
# The base is named by a tag, which gets security fixes, and not by a digest: two builds may differ in it. What is
# installed has exact versions (constraints.txt). tests/tools/test_dockerfile.py reads this file; it has not been built
# where it was written, for want of a docker daemon. doc/Packaging.md says how large the images are.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS wheel
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY package package
COPY contrib contrib
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BASE} AS runtime
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TECO_ZOO_HOME=/home/zoo/teco_zoo
COPY constraints.txt /usr/local/share/zoo/
COPY --from=wheel /wheels /usr/local/share/zoo/
RUN pip install --no-cache-dir --constraint /usr/local/share/zoo/constraints.txt /usr/local/share/zoo/*.whl \
    && useradd --create-home --uid 1000 zoo
USER zoo
WORKDIR /work
ENTRYPOINT ["zoo"]
CMD ["list"]

FROM runtime AS full
# Of pyproject.toml's extras; "all" has the other frameworks and the linters too.
ARG EXTRAS=torch,export,openvino,libraries,data,domains,video,pdf
USER root
RUN wheel="$(echo /usr/local/share/zoo/*.whl)" \
    && pip install --no-cache-dir --constraint /usr/local/share/zoo/constraints.txt "${wheel}[${EXTRAS}]"
USER zoo
