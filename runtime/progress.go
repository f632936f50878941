package runtime

import (
	"sync"
	"time"
)

// Progress is how far a session's start has come: Done of Total, both of What. The
// zero Progress says that there is no more to tell.
type Progress struct {
	What        string // "programs loaded", "probes attached", what Watch was told
	Done, Total int
}

const (
	// patience is how long a start takes before anything is told about it.
	patience = time.Second
	// tellEvery is how often it is told from then on.
	tellEvery = 100 * time.Millisecond
)

// progress tells about a start that takes long.
type progress struct {
	over chan struct{} // closed by stop
	told chan struct{} // closed when nothing is told any more
	once sync.Once

	mu   sync.Mutex
	done func() Progress
}

// newProgress begins to watch a start; tell may be nil.
func newProgress(tell func(Progress)) *progress {
	p := &progress{over: make(chan struct{}), told: make(chan struct{})}
	if tell == nil {
		close(p.told)
		return p
	}
	go p.run(tell, patience)
	return p
}

// run tells, once the start has taken so long.
func (p *progress) run(tell func(Progress), after time.Duration) {
	defer close(p.told)
	wait := time.NewTimer(after)
	defer wait.Stop()
	said := false
	for {
		select {
		case <-p.over:
			if said {
				tell(Progress{})
			}
			return
		case <-wait.C:
			wait.Reset(tellEvery)
			if now := p.now(); now.Total > 0 {
				tell(now)
				said = true
			}
		}
	}
}

// Watch tells about work of which done gives how far it has come, when it takes long. It
// gives what to call when the work is over.
func Watch(tell func(Progress), what string, done func() (done, total int)) (over func()) {
	p := newProgress(tell)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = func() Progress {
		n, total := done()
		return Progress{what, n, total}
	}
	return p.stop
}

// step begins the next part of the start.
func (p *progress) step(what string, total int, done func() int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = func() Progress { return Progress{what, done(), total} }
}

func (p *progress) now() Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		return Progress{}
	}
	return p.done()
}

// stop ends the telling, and waits for what is being told. Later calls do nothing.
func (p *progress) stop() {
	p.once.Do(func() { close(p.over) })
	<-p.told
}
