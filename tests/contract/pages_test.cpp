#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "prepay/account/v1/account.pb.h"
#include "prepay/alarm/v1/alarm.pb.h"
#include "prepay/billing/v1/billing.pb.h"
#include "prepay/console/v1/console.pb.h"
#include "prepay/metering/v1/metering.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "prepay/scheduler/v1/scheduler.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"

// Every list of every service, behind the real server: what it does with page tokens and sizes.
namespace prepay::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

std::unique_ptr<Message> new_message(const Descriptor& descriptor) {
    return std::unique_ptr<Message>(
        MessageFactory::generated_factory()->GetPrototype(&descriptor)->New());
}

std::string text_of(const Message& message, const std::string& name) {
    return message.GetReflection()->GetString(message,
                                              message.GetDescriptor()->FindFieldByName(name));
}

std::vector<const MethodDescriptor*> all_methods() {
    std::vector<const MethodDescriptor*> methods;
    for (const FileDescriptor* file :
         {account::v1::Room::descriptor()->file(), alarm::v1::Episode::descriptor()->file(),
          billing::v1::Tariff::descriptor()->file(),
          console::v1::LogInRequest::descriptor()->file(), metering::v1::Line::descriptor()->file(),
          reporting::v1::WallRoom::descriptor()->file(),
          scheduler::v1::Task::descriptor()->file()}) {
        for (int i = 0; i < file->service_count(); ++i) {
            for (int j = 0; j < file->service(i)->method_count(); ++j) {
                methods.push_back(file->service(i)->method(j));
            }
        }
    }
    return methods;
}

std::string path_of(const MethodDescriptor& method) {
    return method.service()->full_name() + "/" + method.name();
}

/// A server of all services whose lists answer one place and note the place they were given.
struct Lists {
    Lists() {
        ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys.public_pem();
        server = std::make_unique<Server>(options, metrics, clock);
        for (const MethodDescriptor* method : all_methods()) {
            const Message& prototype =
                *MessageFactory::generated_factory()->GetPrototype(method->input_type());
            if (method->server_streaming()) {
                server->add_stream(path_of(*method), prototype,
                                   [](const CallContext&, const Message&, RawStreamWriter&) {
                                       return absl::OkStatus();
                                   });
                continue;
            }
            server->add_unary(path_of(*method), prototype,
                              [this, method](const CallContext&, const Message& request) {
                                  return answer(*method, request);
                              });
            if (method->input_type()->FindFieldByName("page_token") != nullptr) {
                lists.push_back(method);
            }
        }
        REQUIRE(server->start().ok());
        ClientOptions to_server;
        to_server.address = "127.0.0.1:" + std::to_string(server->port());
        to_server.token = keys.token(Role::kService, "prepay-test");
        service = std::make_unique<Client>(to_server);
        to_server.token = keys.token(Role::kTenant, "tenant:a", "a");
        tenant = std::make_unique<Client>(to_server);
    }

    Result<std::unique_ptr<Message>> answer(const MethodDescriptor& method,
                                            const Message& request) {
        auto response = new_message(*method.output_type());
        if (method.input_type()->FindFieldByName("page_token") != nullptr) {
            seen = text_of(request, "page_token");
            response->GetReflection()->SetString(
                response.get(), method.output_type()->FindFieldByName("next_page_token"), place);
        }
        return response;
    }

    /// The next page token, or the reason.
    std::string call(const MethodDescriptor& method, const std::string& token, int page_size = 0) {
        const bool is_tenants = required_permission(method) == common::v1::PERMISSION_TENANT;
        const Client& client = is_tenants ? *tenant : *service;
        const auto request = new_message(*method.input_type());
        const auto response = new_message(*method.output_type());
        const Descriptor& fields = *method.input_type();
        request->GetReflection()->SetString(request.get(), fields.FindFieldByName("page_token"),
                                            token);
        request->GetReflection()->SetInt32(request.get(), fields.FindFieldByName("page_size"),
                                           page_size);
        grpc::ClientContext context;
        client.prepare(context);
        const std::string path = "/" + path_of(method);
        const grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                            client.channel());
        seen = "not called";
        const grpc::Status status = grpc::internal::BlockingUnaryCall<Message, Message>(
            client.channel().get(), rpc, &context, *request, response.get());
        return status.ok() ? text_of(*response, "next_page_token")
                           : error_reason(from_grpc(status));
    }

    SystemClock clock;
    telemetry::Metrics metrics;
    const test::TokenKeys keys;
    std::vector<const MethodDescriptor*> lists;
    std::string place = "room-1";
    std::string seen;
    std::unique_ptr<Server> server;
    std::unique_ptr<Client> service;
    std::unique_ptr<Client> tenant;
};

}  // namespace

TEST_CASE("every list gives and takes pages, by the same fields") {
    int count = 0;
    for (const MethodDescriptor* method : all_methods()) {
        CAPTURE(method->full_name());
        const auto* token = method->input_type()->FindFieldByName("page_token");
        const auto* next = method->output_type()->FindFieldByName("next_page_token");
        const auto* size = method->input_type()->FindFieldByName("page_size");
        REQUIRE((token == nullptr) == (next == nullptr));
        REQUIRE((token == nullptr) == (size == nullptr));
        if (token != nullptr) {
            CHECK(token->type() == FieldDescriptor::TYPE_STRING);
            CHECK(next->type() == FieldDescriptor::TYPE_STRING);
            CHECK(size->type() == FieldDescriptor::TYPE_INT32);
            ++count;
        }
    }
    CHECK(count >= 19);
}

TEST_CASE("every list refuses a page token that is not its own, and takes its own back") {
    Lists park;
    std::map<std::string, std::string> tokens;
    for (const MethodDescriptor* method : park.lists) {
        CAPTURE(method->full_name());
        const std::string token = park.call(*method, "");
        CHECK(park.seen.empty());
        CHECK(token.size() > park.place.size());
        tokens[method->full_name()] = token;
        CHECK(park.call(*method, token) == token);
        CHECK(park.seen == park.place);
    }
    CHECK(tokens.size() >= 19);
    for (const MethodDescriptor* method : park.lists) {
        const std::string own = tokens.at(method->full_name());
        std::vector<std::string> bad = {
            "x",  "0",  "room-1", "2026-11-01", "room-1/1780000000000000",
            "%s", "zz", " ",      "\n",         "1; DROP TABLE entries"};
        bad.emplace_back("\0x", 2);
        bad.push_back(own + "A");
        bad.push_back(own + "=");
        bad.push_back(" " + own);
        bad.push_back(own.substr(0, own.size() - 1));
        bad.push_back(own.substr(1));
        bad.emplace_back(4'000, 'A');
        for (const auto& [name, other] : tokens) {
            if (name != method->full_name()) {
                bad.push_back(other);
            }
        }
        for (const std::string& token : bad) {
            CAPTURE(method->full_name(), token);
            CHECK(park.call(*method, token) == "BAD_PAGE_TOKEN");
            CHECK(park.seen == "not called");
        }
    }
}

TEST_CASE("every list takes 0 to 1,000 as the size of a page") {
    Lists park;
    park.place.clear();
    for (const MethodDescriptor* method : park.lists) {
        CAPTURE(method->full_name());
        for (const int good : {0, 1, 1000}) {
            CHECK(park.call(*method, "", good).empty());
        }
        for (const int bad : {-1, 1001, INT32_MAX, INT32_MIN}) {
            CHECK(park.call(*method, "", bad) == "BAD_PAGE_SIZE");
        }
    }
}

}  // namespace prepay::rpc
