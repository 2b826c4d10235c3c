#!/usr/bin/env bash
# Bundles the pages of `blift report` and `blift explore` with the packages under MODULES (a folder node_modules): that of
# the report into OUT, the other one into EXPLORE.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
modules="$1" out="$2" explore="$3"
bundle() {
  NODE_PATH="$modules" "$modules/.bin/esbuild" "$1" --bundle --minify --target=es2022 --format=iife \
    --charset=utf8 --legal-comments=none --log-level=warning --outfile="$2"
}
for ending in js css; do
  bundle "$here/src/app.$ending" "$out/app.$ending"
  bundle "$here/../../explore/page/src/explore.$ending" "$explore/explore.$ending"
done
for package in uplot; do
  printf '%s %s\n\n' "$package" "$(node -p "require('$modules/$package/package.json').version")"
  cat "$modules/$package/LICENSE"
  printf '\n'
done > "$out/LICENSES.txt"
