/* SPDX-License-Identifier: MIT */
/* Locks are POSIX ones and not GLib's: ThreadSanitizer understands them. */
#include "dump/pipeline.h"

#include <pthread.h>

/* One item in work, one done or waiting. */
#define SLOTS_PER_THREAD 2

typedef enum SlotState {
    SLOT_FREE,
    SLOT_QUEUED,
    SLOT_DONE,
} SlotState;

typedef struct Slot {
    void *item;
    SlotState state;
    GError *error; /* why the work failed, if it did */
} Slot;

/* A ring of slots.  Positions only grow; slot n is slots[n % n_slots].
 *
 *   emitted ≤ taken ≤ filled ≤ emitted + n_slots
 *
 * The lock guards all that is below it.  An item belongs to the caller while
 * its slot is free or done, and to one worker once that has taken it. */
typedef struct Pipeline {
    const GcPipelineOps *ops;
    void *opaque;
    size_t n_slots;
    Slot *slots;

    pthread_mutex_t lock;
    pthread_cond_t queued; /* an item waits for a worker, or the end is near */
    pthread_cond_t done;   /* the work of an item is done */
    uint64_t filled;       /* items that next filled */
    uint64_t taken;        /* items that workers took */
    uint64_t emitted;
    bool closed; /* no more items: workers leave */
} Pipeline;

static Slot *get_slot(Pipeline *pipeline, uint64_t position)
{
    return &pipeline->slots[position % pipeline->n_slots];
}

static void *new_worker(const GcPipelineOps *ops, void *opaque)
{
    return ops->new_worker != NULL ? ops->new_worker(opaque) : NULL;
}

static void free_worker(const GcPipelineOps *ops, void *opaque, void *worker)
{
    if (ops->free_worker != NULL) {
        ops->free_worker(opaque, worker);
    }
}

/* The next item to work on; NULL when there will be none.  Lock held. */
static Slot *take_slot(Pipeline *pipeline)
{
    while (pipeline->taken == pipeline->filled && !pipeline->closed) {
        pthread_cond_wait(&pipeline->queued, &pipeline->lock);
    }
    if (pipeline->closed) {
        return NULL;
    }
    return get_slot(pipeline, pipeline->taken++);
}

static gpointer run_worker(gpointer data)
{
    Pipeline *pipeline = data;
    void *worker = new_worker(pipeline->ops, pipeline->opaque);
    Slot *slot;

    pthread_mutex_lock(&pipeline->lock);
    while ((slot = take_slot(pipeline)) != NULL) {
        GError *error = NULL;

        pthread_mutex_unlock(&pipeline->lock);
        pipeline->ops->work(pipeline->opaque, worker, slot->item, &error);
        pthread_mutex_lock(&pipeline->lock);
        slot->error = error;
        slot->state = SLOT_DONE;
        pthread_cond_signal(&pipeline->done);
    }
    pthread_mutex_unlock(&pipeline->lock);
    free_worker(pipeline->ops, pipeline->opaque, worker);
    return NULL;
}

/* Queues items while there are both slots and items.  Only the caller fills
 * and emits, so it may look at both counts without the lock. */
static void fill(Pipeline *pipeline, bool *more)
{
    while (*more && pipeline->filled - pipeline->emitted < pipeline->n_slots) {
        Slot *slot = get_slot(pipeline, pipeline->filled);

        *more = pipeline->ops->next(pipeline->opaque, slot->item);
        if (*more) {
            pthread_mutex_lock(&pipeline->lock);
            slot->state = SLOT_QUEUED;
            pipeline->filled++;
            pthread_cond_signal(&pipeline->queued);
            pthread_mutex_unlock(&pipeline->lock);
        }
    }
}

/* Waits for the oldest item and emits it. */
static bool emit(Pipeline *pipeline, GError **error)
{
    Slot *slot = get_slot(pipeline, pipeline->emitted);

    pthread_mutex_lock(&pipeline->lock);
    while (slot->state != SLOT_DONE) {
        pthread_cond_wait(&pipeline->done, &pipeline->lock);
    }
    slot->state = SLOT_FREE;
    pthread_mutex_unlock(&pipeline->lock);
    if (slot->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&slot->error));
        return false;
    }
    pipeline->emitted++;
    return pipeline->ops->emit(pipeline->opaque, slot->item, error);
}

static void init(Pipeline *pipeline, const GcPipelineOps *ops, void *opaque,
                 size_t n_slots)
{
    *pipeline = (Pipeline){.ops = ops, .opaque = opaque, .n_slots = n_slots};
    pthread_mutex_init(&pipeline->lock, NULL);
    pthread_cond_init(&pipeline->queued, NULL);
    pthread_cond_init(&pipeline->done, NULL);
    pipeline->slots = g_new0(Slot, n_slots);
    for (size_t i = 0; i < n_slots; i++) {
        pipeline->slots[i].item = ops->new_item(opaque);
    }
}

static void clear(Pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->n_slots; i++) {
        pipeline->ops->free_item(pipeline->slots[i].item);
        g_clear_error(&pipeline->slots[i].error);
    }
    g_free(pipeline->slots);
    pthread_cond_destroy(&pipeline->done);
    pthread_cond_destroy(&pipeline->queued);
    pthread_mutex_destroy(&pipeline->lock);
}

static void join_workers(Pipeline *pipeline, GThread **workers,
                         unsigned threads)
{
    pthread_mutex_lock(&pipeline->lock);
    pipeline->closed = true;
    pthread_cond_broadcast(&pipeline->queued);
    pthread_mutex_unlock(&pipeline->lock);
    for (unsigned i = 0; i < threads; i++) {
        g_thread_join(workers[i]);
    }
}

static bool run_parallel(const GcPipelineOps *ops, void *opaque,
                         unsigned threads, GError **error)
{
    g_autofree GThread **workers = g_new0(GThread *, threads);
    Pipeline pipeline;
    bool more = true;
    bool ok = true;

    init(&pipeline, ops, opaque, SLOTS_PER_THREAD * (size_t)threads);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = g_thread_new("dump-worker", run_worker, &pipeline);
    }
    fill(&pipeline, &more);
    while (ok && pipeline.emitted < pipeline.filled) {
        ok = emit(&pipeline, error);
        fill(&pipeline, &more);
    }
    join_workers(&pipeline, workers, threads);
    clear(&pipeline);
    return ok;
}

/* The obvious loop: the oracle of the parallel one. */
static bool run_plain(const GcPipelineOps *ops, void *opaque, GError **error)
{
    void *item = ops->new_item(opaque);
    void *worker = new_worker(ops, opaque);
    bool ok = true;

    while (ok && ops->next(opaque, item)) {
        ok = ops->work(opaque, worker, item, error) &&
             ops->emit(opaque, item, error);
    }
    free_worker(ops, opaque, worker);
    ops->free_item(item);
    return ok;
}

bool gc_pipeline_run(const GcPipelineOps *ops, void *opaque, unsigned threads,
                     GError **error)
{
    return threads == 0 ? run_plain(ops, opaque, error)
                        : run_parallel(ops, opaque, threads, error);
}
