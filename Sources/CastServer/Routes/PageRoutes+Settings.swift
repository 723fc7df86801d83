import CastCore
import Foundation
import HTTPTypes
import Hummingbird

/// The settings' page, and the form on it.
extension PageRoutes {
    func addSettings(to router: Router<AppContext>) {
        router.get("/settings", use: self.settings)
        router.post("/settings", use: self.saveSettings)
        router.post("/settings/reset", use: self.resetSetting)
    }

    @Sendable func settings(request: Request, context: AppContext) async throws -> HTML {
        let fields = request.fields
        let saved = Set((fields["saved"] ?? "").split(separator: " ").map(String.init))
        return HTML(
            self.pages.settings(
                SettingsView(
                    rows: self.settingRows().map { row in
                        var row = row
                        row.isSaved = saved.contains(row.setting.name)
                        return row
                    },
                    notice: fields["notice"])))
    }

    private func settingRows() -> [SettingsView.Row] {
        let keeper = self.parts.settings
        let current = keeper.current
        return SettingCatalog.all.map { setting in
            SettingsView.Row(
                setting: setting, value: Self.text(setting.value(in: current)),
                standard: Self.text(keeper.standard(of: setting)), source: keeper.source(of: setting))
        }
    }

    /// As it stands in a field.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .int(let number): String(number)
        case .bool(let flag): String(flag)
        case .double, .array, .object, .null: ""
        }
    }

    /// Takes what is different from what counts now: all of it, or nothing where one value cannot be.
    ///
    /// An emptied field goes back to what the server was started with.
    @Sendable func saveSettings(request: Request, context: AppContext) async throws -> Response {
        let typed = try await request.postedFields()
        var rows = self.settingRows()
        var changes: [String: String?] = [:]
        for index in rows.indices {
            let setting = rows[index].setting
            guard let value = typed[setting.name]?.trimmingCharacters(in: .whitespacesAndNewlines),
                value != rows[index].value
            else { continue }
            rows[index].value = value
            rows[index].problem = value.isEmpty ? nil : self.parts.settings.problem(setting, value)?.message
            changes[setting.name] = .some(value.isEmpty ? nil : value)
        }
        guard rows.allSatisfy({ $0.problem == nil }) else {
            return HTML(self.pages.settings(SettingsView(rows: rows))).response(status: .badRequest)
        }
        try await self.parts.settings.set(changes, at: self.parts.now())
        return Self.redirect(to: "/settings", notice: Self.notice(changes), saved: changes.keys.sorted())
    }

    @Sendable func resetSetting(request: Request, context: AppContext) async throws -> Response {
        let name = try await request.postedFields()["name"] ?? ""
        let changes = [name: String?.none]
        try await self.parts.settings.set(changes, at: self.parts.now())
        return Self.redirect(to: "/settings", notice: Self.notice(changes), saved: [name])
    }

    private static func notice(_ changes: [String: String?]) -> String {
        if changes.isEmpty { return "Nothing was changed." }
        let late = SettingCatalog.all.filter { changes[$0.name] != nil && $0.needsRestart }.map { "“\($0.label)”" }
        return late.isEmpty
            ? "Saved. It counts from now on."
            : "Saved. \(late.joined(separator: ", ")) \(late.count == 1 ? "counts" : "count") from the next start on."
    }

    private static func redirect(to path: String, notice: String, saved: [String]) -> Response {
        let allowed = CharacterSet.alphanumerics
        let values = [("notice", notice), ("saved", saved.joined(separator: " "))].map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }
        return Response(status: .seeOther, headers: [.location: "\(path)?\(values.joined(separator: "&"))"])
    }
}
