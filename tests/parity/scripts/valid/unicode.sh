if [[ "$a" == "grüße – ok" ]]; then echo "日本語 'x'"; elif [[ $b == é* ]]; then :; fi
