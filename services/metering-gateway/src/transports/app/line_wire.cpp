#include "transports/app/line_wire.h"

#include <algorithm>

#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::uint32_t kTimedEvery = 16;

}  // namespace

LineWire::LineWire(LineLoop& loop, const LineConfig& config, const Clock& clock,
                   const GatewayMetrics& metrics)
    : loop_(loop),
      clock_(clock),
      metrics_(metrics),
      port_(loop_.make_port(config)),
      response_timeout_(config.response_timeout) {}

void LineWire::reconfigure(const LineConfig& config) {
    port_->disconnect();
    port_ = loop_.make_port(config);
    response_timeout_ = config.response_timeout;
    next_try_ = {};
    backoff_ = kBackoffMin;
    unreachable_ = false;
}

bool LineWire::is_ready() const { return port_->is_connected() || clock_.steady() >= next_try_; }

void LineWire::urge() { next_try_ = std::min(next_try_, last_try_ + kBackoffMin); }

Task<bool> LineWire::ensure_connected() {
    if (port_->is_connected()) {
        co_return true;
    }
    if (!is_ready()) {
        co_return false;
    }
    last_error_ = co_await port_->connect();
    last_try_ = clock_.steady();
    if (last_error_.ok()) {
        if (unreachable_) {
            telemetry::log_info("line is reachable again");
        }
        unreachable_ = false;
        backoff_ = kBackoffMin;
        next_try_ = {};
        PREPAY_CRASH_POINT("metering.line_connected");
        co_return true;
    }
    if (!unreachable_) {
        telemetry::log_warning("line is unreachable",
                               {{"error", telemetry::describe(last_error_)}});
    }
    unreachable_ = true;
    next_try_ = last_try_ + backoff_;
    backoff_ = std::min(backoff_ * 2, kBackoffMax);
    co_return false;
}

Task<WireReply> LineWire::transact(const Request& request) {
    // One in 16 is timed: the histogram is one lock for all lines.
    const bool timed = transaction_count_++ % kTimedEvery == 0;
    const auto start = clock_.steady();
    WireReply reply = co_await port_->transact(request);
    const auto took = clock_.steady() - start;
    if (timed) {
        metrics_.transaction_done(std::chrono::duration<double>(took).count());
    }
    // It lay there while the process stood still (stopped, or a suspended machine): a register of
    // then must not be taken for one of now.
    if (reply.outcome == WireOutcome::kReply && took > response_timeout_) {
        reply.outcome = WireOutcome::kTimeout;
        port_->disconnect();
    }
    count(reply);
    if (watcher_) {
        watcher_(request.address, reply);
    }
    PREPAY_CRASH_POINT("metering.reply_parsed");
    co_return reply;
}

void LineWire::count(const WireReply& reply) const {
    switch (reply.outcome) {
        case WireOutcome::kReply:
            if (reply.answer.ok()) {
                metrics_.read_good();
            } else {
                metrics_.read_exception();
            }
            break;
        case WireOutcome::kTimeout:
            metrics_.read_timeout();
            break;
        case WireOutcome::kBadFrame:
            metrics_.read_bad_frame(reply.answer.fault);
            break;
        case WireOutcome::kDisconnected:
            metrics_.read_disconnected();
            break;
    }
}

void LineWire::close() { port_->disconnect(); }

}  // namespace prepay::metering
