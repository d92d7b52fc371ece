x=$((1 + (2 * 3))) y=$(( $(if a; then echo 1; fi) << 2 )) z=$[ 1 + a[2] ]
if ((x > 1 && y < (3))); then ((z++)); elif (( ! z )); then :; else let z=1; fi
