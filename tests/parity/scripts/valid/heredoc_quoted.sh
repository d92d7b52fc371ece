cat <<'EOF' && if true; then echo; fi
if "unclosed ' $( `
EOF
cat <<\END
case x in
END
