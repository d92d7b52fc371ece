a=$(if b; then)
