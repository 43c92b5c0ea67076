#include "rpc/server.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <set>
#include <thread>

#include "rpc/bulkheads.h"
#include "rpc/client.h"
#include "rpc/personal.h"
#include "rpc/reflection.h"
#include "rpc/request_rules.h"
#include "telemetry/log.h"

namespace prepay::rpc {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kMessageBytesMax = 4 << 20;
constexpr std::size_t kRequestIdMin = 8;
constexpr std::size_t kRequestIdMax = 64;

std::string sha256_hex(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += "0123456789abcdef"[digest[i] >> 4];
        hex += "0123456789abcdef"[digest[i] & 0xFU];
    }
    return hex;
}

std::string deterministic_bytes(const Message& message) {
    std::string bytes;
    {
        google::protobuf::io::StringOutputStream stream(&bytes);
        google::protobuf::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        message.SerializeToCodedStream(&coded);
    }
    return bytes;
}

// What tells two requests of one id apart. A secret has no part in it: even its hash would let
// whoever reads the database try passwords for as long as the answer is kept.
std::string hash_of_content(const Message& request) {
    const std::unique_ptr<Message> open(request.New());
    open->CopyFrom(request);
    clear_secrets(*open);
    return sha256_hex(deterministic_bytes(*open));
}

// Fills request_id and content_hash where the request has an id; none or a bad one is refused.
Status take_request_id(const Message& request, CallContext& context) {
    const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
    if (field == nullptr) {
        return absl::OkStatus();
    }
    context.request_id = request.GetReflection()->GetString(request, field);
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_' || c == ':';
    };
    if (context.request_id.size() < kRequestIdMin || context.request_id.size() > kRequestIdMax ||
        !std::all_of(context.request_id.begin(), context.request_id.end(), good)) {
        return invalid_argument(
            context.request_id.empty() ? "REQUEST_ID_REQUIRED" : "BAD_REQUEST_ID",
            "request_id must be 8 to 64 of [A-Za-z0-9._:-], made once by the "
            "caller and kept over repetitions");
    }
    context.content_hash = hash_of_content(request);
    return absl::OkStatus();
}

std::string metadata_value(const grpc::GenericCallbackServerContext& context, const char* key) {
    const auto found = context.client_metadata().find(key);
    return found == context.client_metadata().end()
               ? std::string()
               : std::string(found->second.data(), found->second.size());
}

// "ipv4:10.0.0.7:4711" and "ipv6:%5B::1%5D:4711" without kind and port.
std::string address_of(const std::string& peer) {
    const auto colon = peer.find(':');
    std::string address = peer.substr(colon == std::string::npos ? 0 : colon + 1);
    address.erase(std::min(address.size(), address.rfind(':')));
    for (const char* bracket : {"%5B", "%5D", "[", "]"}) {
        if (const auto at = address.find(bracket); at != std::string::npos) {
            address.erase(at, std::string(bracket).size());
        }
    }
    return address;
}

struct Method {
    const MethodDescriptor* descriptor = nullptr;
    bool is_personal = false;  // Its answers can hold what not everybody may see.
    const Message* prototype = nullptr;
    Server::RawUnary unary;
    Server::RawStream stream;
    WorkClass work_class = WorkClass::kPeople;
};

}  // namespace

struct Server::State final : grpc::CallbackGenericService {
    State(ServerOptions server_options, telemetry::Metrics& server_metrics,
          const Clock& server_clock)
        : options(std::move(server_options)),
          metrics(server_metrics),
          clock(server_clock),
          access(options.public_key_pem, clock) {}

    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override;

    class Call;

    ServerOptions options;
    telemetry::Metrics& metrics;
    const Clock& clock;
    AccessControl access;
    std::map<std::string, Method> methods;  // by "/package.Service/Method"
    std::set<std::string> services;
    std::unique_ptr<Bulkheads> bulkheads;
    std::atomic<int> stream_count{0};
    std::atomic<bool> stopping{false};
    std::unique_ptr<grpc::Server> server;
    int port = 0;
};

// One call from its first byte to its last. Lives until gRPC says OnDone, which is after finish().
class Server::State::Call final : public grpc::ServerGenericBidiReactor, public RawStreamWriter {
public:
    Call(State& state, grpc::GenericCallbackServerContext& context)
        : state_(state), context_(context), start_(state.clock.steady()) {
        StartRead(&request_buffer_);
    }

    void OnReadDone(bool ok) override {
        if (!ok) {
            finish(invalid_argument("BAD_REQUEST", "the request message is missing"));
            return;
        }
        const auto found = state_.methods.find(context_.method());
        if (found == state_.methods.end()) {
            finish(make_error(absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN",
                              "no method " + context_.method()));
            return;
        }
        method_ = &found->second;
        if (method_->stream) {
            start_stream();
        } else if (!state_.bulkheads->submit(method_->work_class, [this] { run(); })) {
            finish(make_error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                              "the service is overloaded; try again in a moment"));
        }
    }

    void OnWriteDone(bool ok) override {
        {
            const std::lock_guard lock(mutex_);
            write_pending_ = false;
            write_failed_ = write_failed_ || !ok;
        }
        changed_.notify_one();
    }

    void OnCancel() override {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
    }

    void OnDone() override { delete this; }

    bool write(const Message& message) override {
        if (is_cancelled()) {
            return false;
        }
        bool own = false;
        std::unique_ptr<Message> masked;
        if (is_masked_) {
            masked.reset(message.New());
            masked->CopyFrom(message);
            mask_personal(*masked);
        }
        response_buffer_.Clear();
        grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(masked ? *masked : message,
                                                                 &response_buffer_, &own);
        std::unique_lock lock(mutex_);
        write_pending_ = true;
        StartWrite(&response_buffer_);
        changed_.wait(lock, [this] { return !write_pending_; });
        return !write_failed_;
    }

    [[nodiscard]] bool is_cancelled() const override {
        if (is_revoked()) {
            return true;
        }
        const std::lock_guard lock(mutex_);
        return cancelled_ || write_failed_ || state_.stopping;
    }

private:
    void start_stream() {
        if (++state_.stream_count > state_.options.stream_max) {
            --state_.stream_count;
            finish(make_error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                              "too many open streams; close one"));
            return;
        }
        std::thread([this, &count = state_.stream_count] {
            run();
            --count;
        }).detach();  // Counted, and waited for by stop().
    }

    void run() {
        const telemetry::TraceScope trace(metadata_value(context_, "prepay-trace-id"));
        CallContext call;
        call.method = context_.method().substr(1);
        call.trace_id = telemetry::current_trace_id();
        call.peer_address = address_of(context_.peer());
        call.client_address = metadata_value(context_, kClientAddressKey);
        call.is_cancelled = [this] { return is_cancelled(); };
        const std::unique_ptr<Message> request(method_->prototype->New());
        if (const Status status = admit(*request, call); !status.ok()) {
            finish(status);
            return;
        }
        is_masked_ = method_->is_personal && !sees_personal(call.identity.role);
        if (method_->stream) {
            session_id_ = call.identity.session_id;
            const Status status = method_->stream(call, *request, *this);
            finish(is_revoked() ? token_revoked() : status);
            return;
        }
        Result<std::unique_ptr<Message>> response = method_->unary(call, *request);
        if (!response.ok()) {
            finish(response.status());
            return;
        }
        if (is_masked_) {
            mask_personal(**response);
        }
        seal_page_token(call.method, **response);
        bool own = false;
        const grpc::Status serialized = grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(
            **response, &response_buffer_, &own);
        count(absl::OkStatus());
        StartWriteAndFinish(&response_buffer_, grpc::WriteOptions(), serialized);
    }

    // Of an open stream: its session ended meanwhile.
    [[nodiscard]] bool is_revoked() const {
        return !session_id_.empty() && state_.access.refuses(session_id_);
    }

    Status admit(Message& request, CallContext& call) {
        PREPAY_ASSIGN_OR_RETURN(call.identity,
                                state_.access.authorize(*method_->descriptor,
                                                        metadata_value(context_, "authorization")));
        if (context_.deadline() < std::chrono::system_clock::now() || is_cancelled()) {
            return make_error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                              "the deadline passed before the call was begun");
        }
        grpc::ProtoBufferReader reader(&request_buffer_);
        if (!reader.status().ok() || !request.ParseFromZeroCopyStream(&reader)) {
            return invalid_argument("BAD_REQUEST",
                                    "the request is not a valid " + request.GetTypeName());
        }
        PREPAY_RETURN_IF_ERROR(open_page_token(call.method, request));
        PREPAY_RETURN_IF_ERROR(check_request(request));
        return take_request_id(request, call);
    }

    void finish(const Status& status) {
        count(status);
        if (!status.ok()) {
            context_.AddTrailingMetadata("prepay-reason", error_reason(status));
            if (status.code() == absl::StatusCode::kInternal) {
                telemetry::log_error("call failed", {{"method", context_.method()},
                                                     {"error", telemetry::describe(status)}});
            }
        }
        Finish(to_grpc(status));
    }

    void count(const Status& status) {
        const std::string method = method_ == nullptr ? "unknown" : context_.method().substr(1);
        state_.metrics
            .counter("prepay_rpc_requests_total", "Calls by method and outcome.",
                     {{"method", method}, {"code", absl::StatusCodeToString(status.code())}})
            .add();
        if (method_ != nullptr && !method_->stream) {
            const std::chrono::duration<double> elapsed = state_.clock.steady() - start_;
            state_.metrics
                .histogram("prepay_rpc_duration_seconds", "Time from request to answer.",
                           {{"method", method}})
                .observe(elapsed.count());
        }
    }

    State& state_;
    grpc::GenericCallbackServerContext& context_;
    std::chrono::steady_clock::time_point start_;
    const Method* method_ = nullptr;
    bool is_masked_ = false;  // Set before the handler runs.
    std::string session_id_;  // Streams only; set before their handler runs, in its thread.
    grpc::ByteBuffer request_buffer_;
    grpc::ByteBuffer response_buffer_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool write_pending_ = false;
    bool write_failed_ = false;
    bool cancelled_ = false;
};

grpc::ServerGenericBidiReactor* Server::State::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
    if (options.reflection && is_reflection_method(context->method())) {
        return new_reflection_reactor(services);
    }
    return new Call(*this, *context);
}

Server::Server(ServerOptions options, telemetry::Metrics& metrics, const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), metrics, clock)) {}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

void Server::add_unary(const std::string& method, const Message& request_prototype,
                       RawUnary handler) {
    state_->methods["/" + method] = {
        nullptr, false, &request_prototype, std::move(handler), nullptr, WorkClass::kPeople};
    state_->services.insert(method.substr(0, method.find('/')));
}

void Server::add_stream(const std::string& method, const Message& request_prototype,
                        RawStream handler) {
    state_->methods["/" + method] = {
        nullptr, false, &request_prototype, nullptr, std::move(handler), WorkClass::kPeople};
    state_->services.insert(method.substr(0, method.find('/')));
}

void Server::refuse_sessions(std::set<std::string> session_ids) {
    state_->access.refuse_sessions(std::move(session_ids));
}

namespace {

Status bind_descriptors(const std::set<std::string>& services,
                        std::map<std::string, Method>& methods) {
    for (const std::string& name : services) {
        const auto* service =
            google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
        if (service == nullptr) {
            return internal_error("METHOD_UNHANDLED", "no service " + name + " in the protos");
        }
        for (int i = 0; i < service->method_count(); ++i) {
            const MethodDescriptor* descriptor = service->method(i);
            const auto found = methods.find("/" + name + "/" + descriptor->name());
            if (found == methods.end()) {
                return internal_error("METHOD_UNHANDLED",
                                      descriptor->full_name() + " has no handler");
            }
            if (required_permission(*descriptor) == common::v1::PERMISSION_UNSPECIFIED) {
                return internal_error("METHOD_WITHOUT_PERMISSION",
                                      descriptor->full_name() + " has no permission option");
            }
            found->second.descriptor = descriptor;
            found->second.is_personal = can_hold_personal(*descriptor->output_type());
            found->second.work_class = work_class_of(*descriptor);
        }
    }
    for (const auto& [path, method] : methods) {
        if (method.descriptor == nullptr) {
            return internal_error("METHOD_UNHANDLED", path + " is not in the protos");
        }
    }
    return absl::OkStatus();
}

}  // namespace

Status Server::start() {
    PREPAY_RETURN_IF_ERROR(bind_descriptors(state_->services, state_->methods));
    state_->bulkheads =
        std::make_unique<Bulkheads>(state_->options.worker_count, state_->options.queue_max);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(state_->options.listen, grpc::InsecureServerCredentials(),
                             &state_->port);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMessageBytesMax);
    builder.RegisterCallbackGenericService(state_.get());
    state_->server = builder.BuildAndStart();
    if (!state_->server || state_->port == 0) {
        return unavailable("ADDRESS_IN_USE", "cannot listen on " + state_->options.listen +
                                                 "; is another instance running? Change "
                                                 "listen.grpc.");
    }
    return absl::OkStatus();
}

void Server::stop(std::chrono::milliseconds drain_timeout) {
    if (!state_->server) {
        return;
    }
    state_->stopping = true;
    state_->server->Shutdown(std::chrono::system_clock::now() + drain_timeout);
    while (state_->stream_count > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    state_->bulkheads->stop();
    state_->server.reset();
}

int Server::port() const { return state_->port; }

}  // namespace prepay::rpc
