#include "fake_services.h"

#include <poll.h>

namespace prepay::test {
namespace {

using google::protobuf::Message;

struct Counted {
    explicit Counted(std::atomic<int>& counter) : count(counter) { ++count; }
    ~Counted() { --count; }
    std::atomic<int>& count;
};

Status no_site() { return not_found("NO_SITE", "there is no such site"); }

}  // namespace

void FakeServices::register_on(rpc::Server& server) {
    add_service(server, "prepay.account.v1.AccountService");
    add_service(server, "prepay.account.v1.TenantService");
    add_service(server, "prepay.account.v1.PaymentCallbackService");
    add_service(server, "prepay.reporting.v1.ReportingService");
    const std::string reporting = "prepay.reporting.v1.ReportingService/";
    server.stream(reporting + "WatchWall", this, &FakeServices::watch_wall);
    server.stream(reporting + "ExportRoomDays", this, &FakeServices::export_days);
}

void FakeServices::add_service(rpc::Server& server, const std::string& name) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) {
        const auto* method = service->method(i);
        if (method->server_streaming()) {
            continue;
        }
        auto* factory = google::protobuf::MessageFactory::generated_factory();
        const Message* response = factory->GetPrototype(method->output_type());
        server.add_unary(name + "/" + method->name(), *factory->GetPrototype(method->input_type()),
                         [this, response, word = method->name()](
                             const rpc::CallContext& context,
                             const Message& request) -> Result<std::unique_ptr<Message>> {
                             remember(context, request);
                             Answer answer;
                             {
                                 const std::lock_guard lock(mutex_);
                                 answer = answers_[word];
                             }
                             std::unique_ptr<Message> filled(response->New());
                             if (answer) {
                                 PREPAY_RETURN_IF_ERROR(answer(request, *filled));
                             }
                             return filled;
                         });
    }
}

void FakeServices::answer(const std::string& method, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[method] = std::move(answer);
}

void FakeServices::remember(const rpc::CallContext& context, const Message& request) {
    const std::lock_guard lock(mutex_);
    calls_.push_back({context.method.substr(context.method.rfind('/') + 1),
                      context.identity.subject, request.SerializeAsString()});
}

std::vector<SeenCall> FakeServices::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

Status FakeServices::watch_wall(const rpc::CallContext& context,
                                const reporting::v1::WatchWallRequest& request,
                                rpc::StreamWriter<reporting::v1::WatchWallResponse>& writer) {
    const Counted open(open_streams_);
    remember(context, request);
    reporting::v1::WatchWallResponse message;
    message.set_snapshot(true);
    message.add_rooms()->set_room_id("r-1");
    writer.write(message);
    if (request.site_id() == "bad") {
        return no_site();
    }
    if (request.site_id() == "three") {
        message.set_snapshot(false);
        writer.write(message);
        writer.write(message);
        return absl::OkStatus();
    }
    while (!writer.is_cancelled()) {
        ::poll(nullptr, 0, 50);  // A service looks at its clients as often.
    }
    return absl::OkStatus();
}

Status FakeServices::export_days(const rpc::CallContext& context,
                                 const reporting::v1::ExportRoomDaysRequest& request,
                                 rpc::StreamWriter<reporting::v1::ExportRoomDaysResponse>& writer) {
    const Counted open(open_streams_);
    remember(context, request);
    if (request.site_id() == "absent") {
        return no_site();
    }
    reporting::v1::ExportRoomDaysResponse part;
    part.set_data("room,day,wh\n");
    writer.write(part);
    if (request.site_id() == "broken") {
        return internal_error("DATABASE_ERROR", "lost in the middle");
    }
    part.set_data("3-201,2026-01-31,1200\n");
    while (writer.write(part) && request.site_id() == "endless") {
    }
    return absl::OkStatus();
}

}  // namespace prepay::test
