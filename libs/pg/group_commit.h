#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <pqxx/pqxx>
#include <utility>
#include <vector>

#include "core/status.h"
#include "pg/database.h"

namespace prepay::pg {

/// Callers that come at the same time share a transaction, and while that one waits for the disk
/// the next is written: a pipeline of two. For work whose transactions all pass through one row,
/// where one commit a caller would be one caller per disk flush; what two batches both touch must
/// be locked in the database. Thread-safe.
template <typename Item>
class GroupCommit {
public:
    /// Writes items, in the order of their callers, and leaves in them what these want to know. It
    /// may run again with the same items, so it begins each afresh.
    using Write = std::function<Status(pqxx::work&, const std::vector<Item*>&)>;

    /// `items_max` = of one transaction.
    GroupCommit(Database& database, std::size_t items_max, Write write)
        : database_(database), items_max_(items_max), write_(std::move(write)) {}

    /// Returns once the item's transaction has ended, with its status. When a shared one fails, be
    /// it that one item spoils it, each of its items is tried again alone.
    Status apply(Item& item) {
        Entry mine{item};
        std::unique_lock lock(mutex_);
        waiting_.push_back(&mine);
        mine.woken.wait(lock,
                        [&] { return mine.done || (!writing_ && waiting_.front() == &mine); });
        if (!mine.done) {
            lead(lock);
        }
        return mine.status;
    }

private:
    /// One caller and what it waits for: its end, or its turn to lead a batch.
    struct Entry {
        Item& item;
        Status status{};
        bool done = false;
        std::condition_variable woken{};
    };

    void lead(std::unique_lock<std::mutex>& lock) {
        writing_ = true;
        const auto end =
            waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), items_max_));
        const std::vector<Entry*> batch(waiting_.begin(), end);
        waiting_.erase(waiting_.begin(), end);
        lock.unlock();
        bool leading = true;
        const auto hand_over = [&] {
            if (std::exchange(leading, false)) {
                const std::lock_guard guard(mutex_);
                writing_ = false;
                if (!waiting_.empty()) {
                    waiting_.front()->woken.notify_one();
                }
            }
        };
        write(batch, hand_over);
        hand_over();
        lock.lock();
        for (Entry* each : batch) {
            each->done = true;
            each->woken.notify_one();  // Under the lock: it may be gone right after.
        }
    }

    // `on_written` is called when nothing but the commit is left to do.
    template <typename OnWritten>
    void write(const std::vector<Entry*>& batch, const OnWritten& on_written) {
        std::vector<Item*> items;
        items.reserve(batch.size());
        for (Entry* entry : batch) {
            items.push_back(&entry->item);
        }
        const Status together = database_.transact([&](pqxx::work& tx) {
            const Status status = write_(tx, items);
            if (status.ok()) {
                on_written();
            }
            return status;
        });
        for (Entry* entry : batch) {
            entry->status = together.ok() || batch.size() == 1
                                ? together
                                : database_.transact(
                                      [&](pqxx::work& tx) { return write_(tx, {&entry->item}); });
        }
    }

    Database& database_;
    const std::size_t items_max_;
    const Write write_;
    std::mutex mutex_;
    std::vector<Entry*> waiting_;  ///< Its first leads the next batch.
    bool writing_ = false;         ///< A batch is being written; it may still wait for its commit.
};

}  // namespace prepay::pg
