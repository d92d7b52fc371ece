select a in b "c d"; do
  case $a in b) break ;; esac
done
select e; do break; done
