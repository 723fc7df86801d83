import CastCore
import Foundation
import Hummingbird

extension EmulatorResponder {
    /// The old interface, in the part that RunPod's Python package and balance queries use.
    ///
    /// Its errors come with HTTP status 200, but for a query that cannot be read.
    func graphQL(_ call: Call) async throws -> Response {
        struct Query: Decodable {
            var query: String
            var variables: [String: JSONValue]?
        }
        guard JSONDepth.firstBeyondLimit(in: call.body) == nil,
            let query = try? JSONDecoder().decode(Query.self, from: call.body)
        else { throw Problem(status: 400, detail: "The request holds no query.") }
        let document: GraphQLDocument
        do {
            document = try GraphQLDocument(query.query, variables: query.variables ?? [:])
        } catch {
            return Self.json(.object(["errors": .array([Self.error(error, [])])]), status: error.status)
        }
        var data: [String: JSONValue] = [:]
        var errors: [JSONValue] = []
        for field in document.fields {
            do {
                let value =
                    document.isMutation ? try await self.mutate(field, call) : try await self.read(field, call)
                data[field.alias] = Self.project(value, field.fields)
            } catch let problem as Problem {
                data[field.alias] = .null
                errors.append(Self.error(problem, [field.alias]))
            }
        }
        var answer: [String: JSONValue] = ["data": .object(data)]
        if !errors.isEmpty { answer["errors"] = .array(errors) }
        return Self.json(.object(answer))
    }

    private static func error(_ problem: Problem, _ path: [String]) -> JSONValue {
        .object([
            "message": .string(([problem.detail] + problem.errors).joined(separator: " ")),
            "path": .array(path.map(JSONValue.string)),
            "extensions": .object(["code": .string(problem.status >= 500 ? "INTERNAL_SERVER_ERROR" : "RUNPOD")]),
        ])
    }

    /// Only what was asked for; a field that is not known is null.
    private static func project(_ value: JSONValue, _ fields: [GraphQLDocument.Field]) -> JSONValue {
        guard !fields.isEmpty else { return value }
        switch value {
        case .object(let object):
            return .object(
                Dictionary(
                    fields.map { ($0.alias, Self.project(object[$0.name] ?? .null, $0.fields)) },
                    uniquingKeysWith: { $1 }))
        case .array(let values): return .array(values.map { Self.project($0, fields) })
        case .null, .bool, .int, .double, .string: return value
        }
    }

    private func read(_ field: GraphQLDocument.Field, _ call: Call) async throws -> JSONValue {
        let input = GraphQLInput(field)
        switch field.name {
        case "myself":
            if case .pod = call.caller { throw Problem.forbidden }
            try await self.world.spoil(.list)
            let pods = await self.world.list(call.caller.account).map { $0.graphQL(at: self.world.time) }
            return .object([
                "id": .string("user_\(call.caller.account)"), "email": .string("\(call.caller.account)@example.org"),
                "clientBalance": .double(await self.world.balance(call.caller.account).dollars),
                "currentSpendPerHr": .double(await self.world.spendPerHour(call.caller.account).dollars),
                "spendLimit": .int(80), "pods": .array(pods), "networkVolumes": .array([]), "pubKey": .null,
            ])
        case "pod":
            try await self.world.spoil(.read)
            guard let pod = try? await self.world.pod(input.string("podId"), call.caller) else { return .null }
            return pod.graphQL(at: self.world.time)
        case "gpuTypes":
            try await self.world.spoil(.catalogue)
            let gpus = self.world.options.catalogue.gpus.filter { input.has("id") ? $0.id == input.string("id") : true }
            return .array(gpus.map(\.graphQL))
        default:
            throw Problem(status: 400, detail: "Cannot query field \"\(field.name)\" on type \"Query\".")
        }
    }

    private func mutate(_ field: GraphQLDocument.Field, _ call: Call) async throws -> JSONValue {
        let input = GraphQLInput(field)
        switch field.name {
        case "podFindAndDeployOnDemand":
            if case .pod = call.caller { throw Problem.forbidden }
            switch try await self.deploy(input, call.caller.account) {
            case .pod(let pod): return pod.graphQL(at: self.world.time)
            case .spoilt(let error): throw error
            }
        case "deployCpuPod":
            throw Problem.capacity
        case "podTerminate":
            try await self.world.spoil(.terminate)
            do {
                try await self.world.terminate(input.string("podId"), call.caller)
            } catch let problem as Problem where problem.status == 404 {
                throw Problem(status: 404, detail: "pod not found to terminate")
            }
            return .null
        case "podStop", "podResume":
            let action = field.name == "podStop" ? "stop" : "start"
            guard let pod = try await self.world.act(action, on: input.string("podId"), call.caller) else {
                return .null
            }
            return pod.graphQL(at: self.world.time)
        default:
            throw Problem(status: 400, detail: "Cannot query field \"\(field.name)\" on type \"Mutation\".")
        }
    }

    private func deploy(_ input: GraphQLInput, _ account: String) async throws -> PodWorld.Purchase {
        guard let gpu = self.world.options.catalogue.gpu(input.string("gpuTypeId")) else { throw Problem.capacity }
        var body = CreateBody()
        body.name = input.string("name")
        body.image = input.string("imageName")
        body.gpu = gpu.id
        body.count = input.int("gpuCount") ?? 1
        let cloud = input.string("cloudType")
        body.cloud = cloud == "COMMUNITY" || (cloud == "ALL" && gpu.community != nil) ? .community : .secure
        body.disk = input.int("containerDiskInGb") ?? body.disk
        body.dataCentres = input.has("dataCenterId") ? [input.string("dataCenterId")] : []
        body.ports = input.string("ports").split(separator: ",").map(String.init)
        body.env = input.pairs("env")
        body.args = input.string("dockerArgs")
        body.minimumCUDA = CUDAVersion(input.string("minCudaVersion"))
        body.allowedCUDA = input.strings("allowedCudaVersions").compactMap { CUDAVersion($0) }
        (body.entrypoint, body.cmd) = CreateBody.command(args: body.args)
        try? await self.world.time.sleep(for: self.world.options.createTime)
        return try await self.world.create(body, account: account)
    }
}

/// The `input` of a field, read leniently.
private struct GraphQLInput {
    private let values: [String: JSONValue]

    init(_ field: GraphQLDocument.Field) {
        if case .object(let values) = field.arguments["input"] { self.values = values } else { self.values = [:] }
    }

    func has(_ name: String) -> Bool { self.values[name].map { $0 != .null } ?? false }

    func string(_ name: String) -> String {
        if case .string(let text) = self.values[name] { text } else { "" }
    }

    func int(_ name: String) -> Int? {
        if case .int(let number) = self.values[name] { Int(number) } else { nil }
    }

    func strings(_ name: String) -> [String] {
        guard case .array(let values) = self.values[name] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// `[{key: "A", value: "b"}]`.
    func pairs(_ name: String) -> [String: String] {
        guard case .array(let values) = self.values[name] else { return [:] }
        let pairs = values.compactMap { value -> (String, String)? in
            guard case .object(let pair) = value, case .string(let key) = pair["key"],
                case .string(let text) = pair["value"]
            else { return nil }
            return (key, text)
        }
        return Dictionary(pairs) { $1 }
    }
}

extension PodRecord {
    /// The pod as GraphQL shows it.
    func graphQL(at time: EmulatorTime) -> JSONValue {
        let uptime = self.runtime(at: time.elapsed)
        let desired =
            switch self.state {
            case .waiting, .up, .failed: "RUNNING"
            case .stopped: "EXITED"
            case .gone: "TERMINATED"
            }
        return .object([
            "id": .string(self.id), "name": .string(self.body.name), "desiredStatus": .string(desired),
            "costPerHr": .double(self.price.dollars), "imageName": .string(self.body.image),
            "containerDiskInGb": .int(Int64(self.body.disk)), "dockerArgs": .string(self.body.args),
            "dockerId": .null, "gpuCount": .int(1), "machineId": .string("m\(self.id)"), "memoryInGb": .int(50),
            "env": .array(self.body.env.sorted { $0.key < $1.key }.map { .string("\($0.key)=\($0.value)") }),
            "podType": .string("RESERVED"), "port": .null, "ports": .string(self.body.ports.joined(separator: ",")),
            "uptimeSeconds": .int(0), "vcpuCount": .int(9), "volumeInGb": .int(0),
            "volumeMountPath": .string("/workspace"),
            "createdAt": .string(time.date(self.createdAt).formatted(.iso8601)),
            "lastStatusChange": .string("Rented by User: \(time.date(self.createdAt).formatted(.iso8601))"),
            "lastStartedAt": self.startedAt.map { .string(time.date($0).formatted(.iso8601)) } ?? .null,
            "runtime": uptime.map {
                .object(["uptimeInSeconds": .int($0.components.seconds), "ports": .array([]), "gpus": .array([])])
            } ?? .null,
            "machine": .object([
                "gpuDisplayName": .string(self.gpu.name), "gpuTypeId": .string(self.gpu.id),
                "podHostId": .string("\(self.id)-64410000"), "dataCenterId": .string(self.dataCentre),
            ]),
        ])
    }
}

extension Catalogue.GPU {
    var graphQL: JSONValue {
        func price(_ amount: Money?) -> JSONValue { amount.map { .double($0.dollars) } ?? .null }
        let lowest = [self.secure, self.community].compactMap(\.self).min()
        return .object([
            "id": .string(self.id), "displayName": .string(self.name), "manufacturer": .string("Nvidia"),
            "memoryInGb": .int(Int64(self.memory)), "cudaCores": .int(0), "maxGpuCount": .int(8),
            "secureCloud": .bool(self.secure != nil), "communityCloud": .bool(self.community != nil),
            "securePrice": price(self.secure), "communityPrice": price(self.community), "oneMonthPrice": .null,
            "threeMonthPrice": .null, "oneWeekPrice": .null, "communitySpotPrice": .null, "secureSpotPrice": .null,
            "lowestPrice": .object([
                "minimumBidPrice": .null, "uninterruptablePrice": price(lowest), "stockStatus": .string("Medium"),
            ]),
        ])
    }
}
