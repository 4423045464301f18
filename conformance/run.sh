#!/bin/sh
# Compares the evaluator with Cilium's own policy engine. Usage: conformance/run.sh [CASES] [SEED]
set -eu
cd "$(dirname "$0")"
if ! command -v go >/dev/null 2>&1; then
  echo "conformance: Go is not installed, nothing compared"
  exit 0
fi
go build -o build/engine .
npx --no-install esbuild differential.ts --bundle --platform=node --format=cjs --log-level=warning --outfile=build/differential.js
node build/differential.js build/engine --cases "${1:-300}" --seed "${2:-1}" --fixtures ../test
