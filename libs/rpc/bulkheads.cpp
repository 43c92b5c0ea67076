#include "rpc/bulkheads.h"

#include <algorithm>

namespace prepay::rpc {
namespace {

/// How many times fewer threads and places than control has.
constexpr std::array<std::size_t, kWorkClassCount> kShare = {1, 2, 4, 16};

}  // namespace

Bulkheads::Bulkheads(int worker_count, std::size_t queue_max) {
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        pools_[i] =
            std::make_unique<WorkerPool>(std::max(1, worker_count / static_cast<int>(kShare[i])),
                                         std::max<std::size_t>(1, queue_max / kShare[i]));
    }
}

bool Bulkheads::submit(WorkClass work_class, std::function<void()> work) {
    return pools_[static_cast<std::size_t>(work_class)]->submit(std::move(work));
}

void Bulkheads::stop() {
    for (const auto& pool : pools_) {
        pool->stop();
    }
}

}  // namespace prepay::rpc
