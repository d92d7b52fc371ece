a
fi
