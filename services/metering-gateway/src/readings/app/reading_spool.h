#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

#include "metrics.h"
#include "readings/ports.h"

namespace prepay::metering {

/// Takes sweeps from the lines at any time and stores them, in order, as fast as PostgreSQL takes
/// them; holds them in memory while it is away. When full, the oldest readings are thinned out:
/// consumption is the difference of registers, so energy is never lost by that. Changes of state
/// and rejections are kept. Thread-safe.
class ReadingSpool {
public:
    ReadingSpool(BatchStore& store, const GatewayMetrics& metrics, std::size_t readings_max);

    void push(LineBatch batch);
    /// Writes until stopped; then once more for what is left.
    void run(const std::stop_token& stop);
    [[nodiscard]] std::size_t size() const;
    struct Waiting {
        std::chrono::steady_clock::time_point oldest;     ///< When the oldest sweep came.
        std::chrono::steady_clock::time_point last_done;  ///< A sweep was done with; zero = none.
    };
    /// None when all is stored. Thinning out is no step of the store.
    [[nodiscard]] std::optional<Waiting> waiting() const;

    static constexpr std::size_t kBatchesPerWrite = 64;

private:
    void note_done();
    std::vector<LineBatch> take();
    void put_back(std::vector<LineBatch> batches);
    bool write(std::vector<LineBatch> batches);
    void write_singly(std::vector<LineBatch> batches);
    void thin();

    BatchStore& store_;
    const GatewayMetrics& metrics_;
    const std::size_t readings_max_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<LineBatch> queue_;
    std::size_t reading_count_ = 0;
    std::optional<std::chrono::steady_clock::time_point> writing_;  // The oldest one taken.
    std::chrono::steady_clock::time_point last_done_{};
};

}  // namespace prepay::metering
