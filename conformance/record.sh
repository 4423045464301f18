#!/bin/sh
# Writes down what Cilium's own engine answers, for `npm test`. Run it after a change of the generator of random clusters.
set -eu
cd "$(dirname "$0")"
./run.sh 1 1
node build/differential.js build/engine --cases 80 --seed 2024 --record ../test/network/engine-answers.json
