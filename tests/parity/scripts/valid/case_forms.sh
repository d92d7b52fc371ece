case "$1" in (a) b ;; c|d) e ;& "f g" | h) i ;;& [j-k]*) ;; *) l
esac
case x in esac
case y in z) ;; esac
case if in if) echo then ;; fi) echo else; esac
