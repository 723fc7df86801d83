import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// What a person may change while the server runs.
struct SettingRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let settings = router.group("/api/settings")
        settings.get(use: self.list)
        settings.put(use: self.update)
        settings.delete(use: self.resetAll)
        settings.delete(":name", use: self.reset)
        settings.post("notifications/test", use: self.testNotification)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> SettingsResponse {
        let keeper = self.parts.settings
        let current = keeper.current
        let messages = SettingCatalog.all.map { setting in
            (
                setting.name,
                SettingMessage(
                    value: setting.value(in: current), dbValue: keeper.overrides[setting.name],
                    source: keeper.source(of: setting).rawValue, default: keeper.standard(of: setting),
                    type: setting.form.wireName, label: setting.label, description: setting.description,
                    unit: setting.unit, range: setting.form.range, needsRestart: setting.needsRestart)
            )
        }
        return SettingsResponse(Dictionary(uniqueKeysWithValues: messages))
    }

    /// All or none: one name or value that cannot be leaves everything as it was.
    @Sendable func update(request: Request, context: AppContext) async throws -> MessageResponse {
        let body = try await request.read(UpdateSettingsRequest.self, context: context)
        var values: [String: String?] = [:]
        for (name, value) in body.settings {
            switch value {
            case .string(let text): values[name] = .some(text)
            case .int(let number): values[name] = .some(String(number))
            case .bool(let flag): values[name] = .some(String(flag))
            case .null: values[name] = .some(nil)
            case .double, .array, .object:
                throw CastError(.invalid, "The value of “\(name)” must be text, a whole number, true or false.")
            }
        }
        try await self.parts.settings.set(values, at: self.parts.now())
        let late = values.keys.compactMap(SettingCatalog.named).filter(\.needsRestart).map(\.name).sorted()
        return MessageResponse(
            late.isEmpty
                ? "Settings updated." : "Settings updated. From the next start on: \(late.joined(separator: ", ")).")
    }

    @Sendable func reset(request: Request, context: AppContext) async throws -> MessageResponse {
        let name = context.parameters.get("name") ?? ""
        try await self.parts.settings.set([name: nil], at: self.parts.now())
        return MessageResponse("Setting '\(name)' reset to default.")
    }

    /// Sends a message now, and says whether it was taken.
    @Sendable func testNotification(request: Request, context: AppContext) async throws -> MessageResponse {
        MessageResponse(try await self.parts.sendTestMessage())
    }

    @Sendable func resetAll(request: Request, context: AppContext) async throws -> MessageResponse {
        let names = self.parts.settings.overrides.keys.map { ($0, String?.none) }
        try await self.parts.settings.set(Dictionary(uniqueKeysWithValues: names), at: self.parts.now())
        return MessageResponse("All settings reset to defaults.")
    }
}

extension Setting.Form {
    fileprivate var wireName: String {
        switch self {
        case .int: "int"
        case .bool: "bool"
        case .text, .address: "text"
        }
    }

    fileprivate var range: ClosedRange<Int>? {
        if case .int(let range) = self { range } else { nil }
    }
}

extension SettingsResponse: ResponseEncodable {}
