cat <<EOF
if [ $HOME ]; then $(if true; then echo a; elif false; then echo b; fi) `echo c` \$x \`
else
EOF
if true; then echo after; fi
