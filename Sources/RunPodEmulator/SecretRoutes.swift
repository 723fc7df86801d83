import CastCore
import Foundation
import Hummingbird

extension EmulatorResponder {
    func secrets(_ call: Call) async throws -> Response {
        guard call.request.method == .post else {
            let secrets = await self.world.secrets(call.caller.account).filter {
                call.query["name"] == nil || call.query["name"] == $0.name
            }
            return Self.json(.object(["secrets": .array(secrets.map { $0.json(at: self.world.time) })]))
        }
        var reader = try StrictReader(body: call.body)
        let name = reader.required("name")
        let value = reader.required("value")
        _ = reader.string("description")
        if name.range(of: #"^[a-zA-Z_][a-zA-Z0-9_.\-/]{0,190}$"#, options: .regularExpression) == nil
            || name.uppercased().hasPrefix("RUNPOD")
        {
            reader.note("name is not a secret's name")
        }
        try reader.check()
        let secret = try await self.world.addSecret(name, value, call.caller.account)
        return Self.json(secret.json(at: self.world.time), status: 201)
    }

    func removeSecret(_ id: String, _ call: Call) async throws -> Response {
        try await self.world.removeSecret(id, call.caller.account)
        return Response(status: .noContent)
    }
}

extension PodWorld {
    func secrets(_ account: String) -> [Secret] { self.secrets[account] ?? [] }

    func addSecret(_ name: String, _ value: String, _ account: String) throws(Problem) -> Secret {
        guard !self.secrets(account).contains(where: { $0.name == name }) else {
            throw Problem(status: 409, detail: "a secret with this name exists")
        }
        let secret = Secret(id: Self.random(16), name: name, value: value, createdAt: self.time.elapsed)
        self.secrets[account, default: []].append(secret)
        return secret
    }

    func removeSecret(_ id: String, _ account: String) throws(Problem) {
        guard let index = self.secrets(account).firstIndex(where: { $0.id == id }) else { throw .notFound }
        self.secrets[account]?.remove(at: index)
    }
}

extension PodWorld.Secret {
    func json(at time: EmulatorTime) -> JSONValue {
        let created = JSONValue.string(time.date(self.createdAt).formatted(.iso8601))
        return .object([
            "id": .string(self.id), "name": .string(self.name), "description": .null, "createdAt": created,
            "valueLastUpdatedAt": created,
        ])
    }
}
