"""Spoken words and digit strings, made by a synthesiser, with noise: audio CNN and CTC.

    apt-get install -y espeak-ng
    python benchmarks/catalogue/sound.py [words digits] [--seeds 0 1 2] [--time 10m]

A speaker is an accent, a voice, a pitch and a speed of espeak-ng; voices of the validation and test
parts are never in training. Each sound has noise (white, or falling with pitch) at 0, 5, 10, 20 or
30 dB below it, drawn at random; test sounds have 5, 10 or 20 dB in equal parts. words: ten words,
each sound one of them, 16 kHz: accuracy >= 0.95. digits: strings of three to six digits with a
table of what is said: token error rate <= 0.10. The sounds are made once; a seed is that of the
training. A cell is one run of `netwright train` with its defaults, kept in
benchmarks/cache/catalogue_sound; the table goes to benchmarks/results/catalogue_sound.json.
"""

import argparse
import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_sound.json"
CACHE = HERE / "cache" / "catalogue_sound"

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp")
# Voices of espeak-ng, each in one part alone.
VOICES = {
    "train": ("m1", "m2", "m4", "m6", "m7", "f1", "f2", "f5"),
    "val": ("m5", "f4"),
    "test": ("m3", "m8", "f3"),
}
SPEAKERS = {"train": 32, "val": 6, "test": 12}
RATE = 16_000
NOISES = {"train": (0, 5, 10, 20, 30), "val": (5, 10, 20), "test": (5, 10, 20)}  # decibels
# Sounds of each word, and strings, that a speaker says.
SOUNDS, STRINGS = {"train": 3, "val": 2, "test": 2}, {"train": 25, "val": 12, "test": 12}
ASKED = {"words": ("accuracy", ">= 0.95"), "digits": ("token_error_rate", "<= 0.10")}


@dataclass(frozen=True)
class Speaker:
    """How espeak-ng is asked to speak: pitch 0 to 99, speed in words a minute."""

    accent: str
    voice: str
    pitch: int
    speed: int

    def say(self, text: str) -> NDArray[np.float64]:
        """Return the samples of a text, at the synthesiser's own rate."""
        command = ["espeak-ng", "-v", f"{self.accent}+{self.voice}", "-p", str(self.pitch)]
        command += ["-s", str(self.speed), "--stdout", text]
        spoken = subprocess.run(command, capture_output=True, check=True).stdout
        # The header of a stream promises more than there is.
        head = bytearray(spoken)
        head[4:8] = (len(head) - 8).to_bytes(4, "little")
        head[40:44] = (len(head) - 44).to_bytes(4, "little")
        rate, samples = wavfile.read(io.BytesIO(bytes(head)))
        at = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
        resampled: NDArray[np.float64] = np.interp(at, np.arange(len(samples)), samples / 32_768)
        return resampled


def speaker_of(part: str, number: int) -> Speaker:
    """Return a speaker of a part; every voice comes as often."""
    rng = stream(part, number)
    return Speaker(
        str(rng.choice(ACCENTS)),
        VOICES[part][number % len(VOICES[part])],
        int(rng.integers(25, 76)),
        int(rng.integers(130, 211)),
    )


def stream(part: str, *numbers: int) -> np.random.Generator:
    """Return the chance of one thing alone, so that what was made before may stay."""
    return np.random.default_rng([list(VOICES).index(part), *numbers])


def with_noise(
    samples: NDArray[np.float64], decibels: float, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Return the sound with silence of random length around it, in noise."""
    around = rng.integers(RATE // 20, RATE // 5, 2)
    padded = np.pad(samples, around)
    noise = rng.normal(size=len(padded))
    if rng.random() < 0.5:  # 1 / f
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), len(padded))
    power = np.square(samples).mean() * 10 ** (-decibels / 10)
    mixed = padded + noise * np.sqrt(power / np.square(noise).mean())
    found: NDArray[np.int16] = (mixed / np.abs(mixed).max() * 30_000).astype(np.int16)
    return found


def make_words(root: Path) -> None:
    """Write <part>/<word>/<speaker>-<number>.wav, those that are missing."""
    for part, count in SPEAKERS.items():
        for number in range(count):
            for at, word in enumerate(WORDS):
                spoken = None
                for again in range(SOUNDS[part]):
                    path = root / part / word / f"{number}-{again}.wav"
                    if path.is_file():
                        continue
                    if spoken is None:
                        spoken = speaker_of(part, number).say(word)
                    write(path, spoken, part, stream(part, number, at, again, 0))


def make_digits(root: Path) -> None:
    """Write <part>/<speaker>-<number>.wav, those that are missing, and transcripts.csv."""
    for part, count in SPEAKERS.items():
        lines = ["file,text"]
        for number in range(count):
            for again in range(STRINGS[part]):
                rng = stream(part, number, again, 1)
                text = " ".join(rng.choice(DIGITS, rng.integers(3, 7)))
                name = f"{number}-{again}.wav"
                lines.append(f"{name},{text}")
                if not (root / part / name).is_file():
                    write(root / part / name, speaker_of(part, number).say(text), part, rng)
        (root / part / "transcripts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write(path: Path, spoken: NDArray[np.float64], part: str, rng: np.random.Generator) -> None:
    """Write a sound in noise, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_suffix(".part")
    wavfile.write(begun, RATE, with_noise(spoken, rng.choice(NOISES[part]), rng))
    begun.rename(path)


def sounds(name: str) -> Path:
    """Return the folder of sounds, made now or before."""
    folder, made = CACHE / name, CACHE / f"{name}.made"
    if not made.is_file():
        {"words": make_words, "digits": make_digits}[name](folder)
        made.touch()
    return folder


def run_cell(name: str, seed: int, bound: str) -> dict[str, Any]:
    """Return the metrics of one run, from the cache where it is there."""
    cached = CACHE / f"{name}-{seed}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "netwright.cli.main", "train", str(sounds(name))]
        command += ["--seed", str(seed), "--time", bound, "--threads", "1", "--json"]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun, before = time.perf_counter(), used.ru_utime + used.ru_stime
        done = subprocess.run([*command, "--out", f"{folder}/run"], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name}, seed {seed}: exit {done.returncode}\n{done.stderr[-2000:]}")
        cell: dict[str, Any] = json.loads(done.stdout)
    cell["command_seconds"] = round(time.perf_counter() - begun, 1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cell["cpu_seconds"] = round(used.ru_utime + used.ru_stime - before, 1)
    cell["bound"] = bound
    cached.write_text(json.dumps(cell))
    return cell


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", default=["words", "digits"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--time", default="10m", help="Bound on each run.")
    given = parser.parse_args()
    table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in given.rows:
        measure, asked = ASKED[name]
        known = table.get(name, {}).get("seeds", {})
        for seed in given.seeds:
            known[str(seed)] = run_cell(name, seed, given.time)
            beside = {
                kind: one[measure]["value"]
                for kind, one in known[str(seed)]["baselines"].items()
                if one
            }
            values = [cell["test"][measure]["value"] for cell in known.values()]
            table[name] = {
                "measure": measure,
                "asked": asked,
                "values": values,
                "mean": statistics.fmean(values),
                "baselines": beside,
                "seeds": known,
            }
            RESULTS.write_text(json.dumps(table, indent=1) + "\n")
            print(name, seed, values[-1], beside, flush=True)


if __name__ == "__main__":
    main()
