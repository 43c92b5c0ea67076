#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prepay::telemetry {

using Labels = std::map<std::string, std::string>;

/// Handles stay valid as long as their Metrics. Thread-safe, a few nanoseconds each.
class Counter {
public:
    void add(double amount = 1) const;
    explicit Counter(void* impl) : impl_(impl) {}

private:
    void* impl_;
};

class Gauge {
public:
    void set(double value) const;
    void add(double amount) const;
    explicit Gauge(void* impl) : impl_(impl) {}

private:
    void* impl_;
};

class Histogram {
public:
    /// In the base unit of the name, i.e. seconds.
    void observe(double value) const;
    explicit Histogram(void* impl) : impl_(impl) {}

private:
    void* impl_;
};

/// Seconds from 100 microseconds to 60 s in steps of about 2.5.
std::vector<double> duration_buckets();

/// All metrics of a process. Names follow prometheus.io/docs/practices/naming:
/// `prepay_<service>_<thing>_<unit>[_total]`; labels are bounded and never an id. Asking twice for
/// the same name and labels gives the same metric. Thread-safe.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                        const std::vector<double>& buckets = duration_buckets());

    /// The Prometheus text format of everything.
    [[nodiscard]] std::string render() const;
    /// Every metric name, sorted; compared with a golden file per service.
    [[nodiscard]] std::vector<std::string> names() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::telemetry
