package debuginfo

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls work for each unit, on all processors; it ends early with the error of a
// call or the context's.
func parallel(ctx context.Context, all []unit, work func(i int, u unit) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				if err := work(i, all[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
