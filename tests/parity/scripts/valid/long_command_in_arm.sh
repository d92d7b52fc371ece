if a; then
  b --c \
    --d "e
multi-line; fi
" \
    f
else g; fi
