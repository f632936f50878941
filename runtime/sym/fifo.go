package sym

// fifo is a map that forgets the oldest element when it is full.
type fifo[K comparable, V any] struct {
	max   int
	m     map[K]V
	order []K
}

func newFIFO[K comparable, V any](max int) fifo[K, V] {
	return fifo[K, V]{max: max, m: map[K]V{}}
}

func (f *fifo[K, V]) get(k K) (V, bool) {
	v, ok := f.m[k]
	return v, ok
}

// put adds an element that is not there yet.
func (f *fifo[K, V]) put(k K, v V) {
	if len(f.order) == f.max {
		delete(f.m, f.order[0])
		f.order = f.order[1:]
	}
	f.m[k] = v
	f.order = append(f.order, k)
}
