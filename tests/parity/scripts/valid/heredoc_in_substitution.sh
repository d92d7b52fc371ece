x=$(cat <<EOF
it's ) a "test (
EOF
)
if [[ $x ]]; then echo "$(cat <<'E'
)
E
)"; fi
