#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "e2e/stack.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/alarm/v1/alarm.grpc.pb.h"
#include "prepay/billing/v1/billing.grpc.pb.h"
#include "prepay/metering/v1/metering.grpc.pb.h"
#include "prepay/reporting/v1/reporting.grpc.pb.h"
#include "prepay/scheduler/v1/scheduler.grpc.pb.h"
#include "prepay/simulator/v1/simulator.grpc.pb.h"

namespace prepay::e2e {

/// Calls on all services of a stack, as an administrator, that repeat while a service is away: the
/// request id stays, so the effect comes once.
class Park {
public:
    explicit Park(Stack& stack);

    template <typename Stub, typename Interface, typename Request, typename Response>
    Response call(const std::unique_ptr<rpc::Client>& client, Stub& stub,
                  grpc::Status (Interface::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                  const Request& request) {
        for (int attempt = 0;; ++attempt) {
            Result<Response> response = client->call(stub, method, request);
            if (response.ok()) {
                return *std::move(response);
            }
            if (!may_retry(response.status()) || attempt >= kAttemptsMax) {
                fail(response.status());
            }
            pause();
        }
    }

    /// A line of the simulator with one meter (DDSY1352, or ADF400L when `adf`), known to the
    /// gateway, in a room, with a tariff of one price, load 0.
    void add_room(const std::string& meter_id, bool adf, std::int64_t price_micros);
    /// Opens an account on a meter's room; the account id.
    std::string open_account(const std::string& meter_id, std::int64_t first_top_up_micros);

    /// A meter on a line that is not polled, in room "room-<meter>" of a site "site-<meter>" of its
    /// own, with the tariff file in force from `start`; opens an account there at `start` with
    /// register 0. The account id.
    std::string open_history(const std::string& meter_id, const std::string& tariff_yaml,
                             Instant start, std::int64_t first_top_up_micros);

    simulator::v1::MeterTruth truth(const std::string& meter_id);
    void set_load(const std::string& meter_id, std::int64_t load_w);
    void set_fault(const std::string& meter_id, simulator::v1::FaultKind kind);
    void clear_faults(const std::string& meter_id);
    void set_speed(std::int64_t speed);
    /// Sets the cut floor, and the alarm levels one, two and three yuan above it.
    void set_cut_floor(const std::string& account_id, std::int64_t micros);
    /// See tests/support/provider/README.md.
    void set_provider_faults(const std::string& json);
    /// Frames of the simulator that write a meter's relay.
    std::vector<simulator::v1::FrameRecord> relay_writes(const std::string& meter_id);

    /// The gateway's commands to a meter, newest first.
    std::vector<metering::v1::Command> commands(const std::string& meter_id);

    /// A batch task due now; the task id.
    std::string create_task(metering::v1::CommandAction action,
                            const std::vector<std::string>& meter_ids);
    /// Until every target has a final result.
    scheduler::v1::Task wait_task(const std::string& task_id);
    std::vector<scheduler::v1::TaskItem> task_items(const std::string& task_id);

    account::v1::Account account(const std::string& account_id);
    std::vector<billing::v1::Charge> charges(const std::string& meter_id);
    std::optional<billing::v1::Charge> last_charge(const std::string& meter_id);
    /// Cash at the desk.
    void top_up(const std::string& account_id, std::int64_t amount_micros);
    std::vector<account::v1::Posting> postings(const std::string& account_id);
    std::vector<alarm::v1::Episode> episodes(const std::string& account_id);
    /// Pays as a tenant by the simulated WeChat; the order id.
    std::string pay_by_wechat(const std::string& account_id, std::int64_t amount_micros);
    account::v1::Order order(const std::string& account_id, const std::string& order_id);
    void wait_credited(const std::string& account_id, const std::string& order_id);

    /// Of the read model; an empty site means all.
    reporting::v1::GetTotalsResponse totals(const std::string& site_id);

    /// The books of a meter and its account against the simulator's register and the payments made:
    /// every Wh charged once, balance = payments - charges, ledger sums to zero, read model equal.
    void check_books(const std::string& meter_id, const std::string& account_id,
                     std::int64_t paid_micros, std::int64_t price_micros);

private:
    static constexpr int kAttemptsMax = 300;
    static bool may_retry(const Status& status);
    [[noreturn]] static void fail(const Status& status);
    static void pause();
    std::string new_request_id();
    static constexpr int kNoPort = 1;  ///< Of a line that is not polled.
    void register_meter(const std::string& meter_id, const std::string& line_id, int tcp_port,
                        bool adf);
    void create_site(const std::string& site_id);
    void create_room(const std::string& site_id, const std::string& meter_id);
    void create_and_assign(billing::v1::CreateTariffRequest tariff, const std::string& meter_id);
    std::string open(account::v1::OpenAccountRequest request, const std::string& meter_id);

    Stack& stack_;
    std::unique_ptr<rpc::Client> metering_client_;
    std::unique_ptr<rpc::Client> billing_client_;
    std::unique_ptr<rpc::Client> account_client_;
    std::unique_ptr<rpc::Client> alarm_client_;
    std::unique_ptr<rpc::Client> scheduler_client_;
    std::unique_ptr<rpc::Client> reporting_client_;
    std::unique_ptr<rpc::Client> simulator_client_;
    std::unique_ptr<metering::v1::MeteringService::Stub> metering_;
    std::unique_ptr<billing::v1::BillingService::Stub> billing_;
    std::unique_ptr<account::v1::AccountService::Stub> account_;
    std::unique_ptr<alarm::v1::AlarmService::Stub> alarm_;
    std::unique_ptr<scheduler::v1::SchedulerService::Stub> scheduler_;
    std::unique_ptr<reporting::v1::ReportingService::Stub> reporting_;
    std::unique_ptr<simulator::v1::SimulatorService::Stub> simulator_;
    std::map<std::string, std::int64_t> opening_registers_;
    bool has_site_ = false;
};

}  // namespace prepay::e2e
