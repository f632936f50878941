package runtime

import (
	"testing"
)

// A start is told about once it takes long, and then that it is over; never later.
func TestProgress(t *testing.T) {
	var told []Progress
	news := make(chan Progress)
	p := &progress{over: make(chan struct{}), told: make(chan struct{})}
	go p.run(func(now Progress) { news <- now }, 0)
	p.step("programs loaded", 3, func() int { return 2 })
	told = append(told, <-news)
	stopped := make(chan struct{})
	go func() { p.stop(); p.stop(); close(stopped) }()
	for over := false; !over; {
		select {
		case now := <-news:
			told = append(told, now)
		case <-stopped:
			over = true
		}
	}
	if first := told[0]; first != (Progress{"programs loaded", 2, 3}) {
		t.Errorf("first %+v", first)
	}
	if last := told[len(told)-1]; len(told) < 2 || last != (Progress{}) {
		t.Errorf("last %+v", last)
	}
}

// Nobody hears of a start that takes no time, and somebody who does not want to hear is no
// trouble.
func TestNoProgress(t *testing.T) {
	p := newProgress(func(now Progress) { t.Errorf("told %+v", now) })
	p.step("programs loaded", 3, func() int { return 2 })
	p.stop()
	p = newProgress(nil)
	p.step("programs loaded", 3, func() int { return 2 })
	p.stop()
}
