"""Keras for train_peers.py, in a process of its own: TensorFlow fixes its threads at the start.

    python tests/bench/keras_peers.py data.bin THREADS

Prints "<case> = <seconds>" (the median epoch of Keras' own fit, the first left out), "rows a
second" and "backend". Prints nothing where Keras is not installed. Without TensorFlow Keras runs on
PyTorch.
"""
import importlib.util
import os
import statistics
import sys
import time

CASES = {"plain 32": (64, 32), "plain 128": (64, 32), "regularised 32": (64, 32),
         "wide 256": (256, 256, 256)}
EPOCHS, ROUNDS, SCORED = 4, 7, 80_000


def start(threads):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if importlib.util.find_spec("tensorflow"):
        import tensorflow
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        backend = f"TensorFlow {tensorflow.__version__}"
    else:
        import torch
        os.environ["KERAS_BACKEND"] = "torch"
        torch.set_num_threads(threads)
        backend = f"Keras on torch {torch.__version__}"
    import keras
    return keras, backend


def make(keras, columns, case):
    layers = [keras.Input((columns,))]
    for i, units in enumerate(CASES[case]):
        layers.append(keras.layers.Dense(units, "relu"))
        if case.startswith("regularised"):
            if i == 0:
                layers.append(keras.layers.BatchNormalization())
            layers.append(keras.layers.Dropout(0.2 if i == 0 else 0.1))
    net = keras.Sequential([*layers, keras.layers.Dense(1)])
    net.compile(keras.optimizers.Adam(1e-3),
                keras.losses.BinaryCrossentropy(from_logits=True))
    return net


def epochs(keras, net, x, y, batch):
    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.append(time.perf_counter() - self.started)

    net.fit(x, y, batch_size=batch, epochs=1 + EPOCHS, verbose=0, callbacks=[Clock()])
    return statistics.median(times[1:])


def scoring(net, many):
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        net.predict(many, batch_size=8192, verbose=0)
        times.append(time.perf_counter() - started)
    return SCORED / statistics.median(times)


def main():
    try:
        keras, backend = start(int(sys.argv[2]))
    except ImportError:
        return
    import numpy
    with open(sys.argv[1], "rb") as file:
        rows, columns = numpy.fromfile(file, "<i8", 2)
        x = numpy.fromfile(file, "<f8", rows * columns).reshape(rows, columns).astype("f4")
        y = numpy.fromfile(file, "<f8", rows).astype("f4")
    print(f"backend = {backend}")
    for case in CASES:
        net = make(keras, columns, case)
        print(f"{case} = {epochs(keras, net, x, y, int(case.split()[1]))}")
        if case == "plain 32":
            print(f"rows a second = {scoring(net, numpy.tile(x, (SCORED // rows, 1)))}")


if __name__ == "__main__":
    main()
