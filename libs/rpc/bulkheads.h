#pragma once

#include <array>
#include <memory>

#include "rpc/work_class.h"
#include "rpc/worker_pool.h"

namespace prepay::rpc {

/// Threads and a queue of its own for every class of work, so that one that hangs takes nothing
/// from the others. Thread-safe.
class Bulkheads {
public:
    /// Control gets `worker_count` threads and `queue_max` places, each further class fewer: more
    /// of it would only wait, for the disk or the database's connections.
    Bulkheads(int worker_count, std::size_t queue_max);

    /// false when the queue of that class is full.
    bool submit(WorkClass work_class, std::function<void()> work);
    /// Runs what is queued and ends the threads.
    void stop();

private:
    std::array<std::unique_ptr<WorkerPool>, kWorkClassCount> pools_;
};

}  // namespace prepay::rpc
