import CastCore
import Foundation
import HTTPTypes
import Hummingbird

extension EmulatorResponder {
    /// What tests and demos use beside RunPod's own interface.
    func administer(_ endpoint: Endpoint, _ method: HTTPRequest.Method, _ body: Data) async throws -> Response {
        switch (endpoint, method) {
        case (.ledger, _):
            return Self.json(await self.world.ledger().json)
        case (.faults, .post):
            await self.world.arm(try Fault.list(body))
            return Self.json(await self.armed, status: 201)
        case (.faults, .delete):
            await self.world.clearFaults()
            return Response(status: .noContent)
        default:
            return Self.json(await self.armed)
        }
    }

    private var armed: JSONValue {
        get async {
            .object([
                "faults": .array(await self.world.faults.faults.map(\.json)),
                "held": .array(await self.world.holds.held.map { .string($0.rawValue) }),
            ])
        }
    }
}

extension Fault {
    /// Reads one fault, or a list of them.
    static func list(_ body: Data) throws -> [Fault] {
        guard JSONDepth.firstBeyondLimit(in: body) == nil,
            let value = try? JSONDecoder().decode(JSONValue.self, from: body)
        else { throw Problem.invalid(["the body is not JSON"]) }
        return try Self.list(value)
    }

    static func list(_ value: JSONValue) throws -> [Fault] {
        switch value {
        case .array(let values):
            return try values.flatMap { try Self.list($0) }
        case .object(let fields):
            var reader = StrictReader(fields)
            let fault = Fault(&reader)
            try reader.check()
            return [fault]
        case .null, .bool, .int, .double, .string:
            throw Problem.invalid(["a fault is an object"])
        }
    }
}
