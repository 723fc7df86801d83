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
        router.post("/settings/test-message", use: self.testMessage)
    }

    @Sendable func settings(request: Request, context: AppContext) async throws -> HTML {
        let fields = request.fields
        let rows = self.settingRows(SettingCatalog.server, saved: Self.saved(fields))
        return HTML(self.pages.settings(SettingsView(rows: rows, notice: fields["notice"])))
    }

    /// The settings that were changed just now, as a redirect after it names them.
    static func saved(_ fields: FormFields) -> Set<String> {
        Set((fields["saved"] ?? "").split(separator: " ").map(String.init))
    }

    func settingRows(_ settings: [Setting], saved: Set<String> = []) -> [SettingsView.Row] {
        let keeper = self.parts.settings
        let current = keeper.current
        return settings.map { setting in
            SettingsView.Row(
                setting: setting, value: Self.text(setting.value(in: current)),
                standard: Self.text(keeper.standard(of: setting)), source: keeper.source(of: setting),
                isSaved: saved.contains(setting.name))
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

    /// What became of a form with settings.
    enum Saving {
        /// These were changed; the notice is for the page.
        case saved([String], notice: String)
        /// Nothing was: one value or more cannot be taken.
        case refused([SettingsView.Row])
    }

    /// Takes what is different from what counts now: all of it, or nothing where one value cannot be.
    ///
    /// An emptied field goes back to what the server was started with.
    func save(_ typed: FormFields, _ settings: [Setting]) async throws -> Saving {
        var rows = self.settingRows(settings)
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
        guard rows.allSatisfy({ $0.problem == nil }) else { return .refused(rows) }
        try await self.parts.settings.set(changes, at: self.parts.now())
        return .saved(changes.keys.sorted(), notice: Self.notice(changes))
    }

    @Sendable func saveSettings(request: Request, context: AppContext) async throws -> Response {
        switch try await self.save(try await request.postedFields(), SettingCatalog.server) {
        case .saved(let names, let notice):
            return Self.redirect(to: "/settings", notice: notice, saved: names)
        case .refused(let rows):
            return HTML(self.pages.settings(SettingsView(rows: rows))).response(status: .badRequest)
        }
    }

    @Sendable func resetSetting(request: Request, context: AppContext) async throws -> Response {
        try await self.reset(try await request.postedFields()["name"] ?? "", backTo: "/settings")
    }

    /// Sends a message, so that a person sees whether they arrive.
    @Sendable func testMessage(request: Request, context: AppContext) async throws -> Response {
        do {
            return Self.redirect(to: "/settings", notice: try await self.parts.sendTestMessage(), saved: [])
        } catch let error as CastError {
            return Self.redirect(to: "/settings", notice: error.message, saved: [])
        }
    }

    /// Takes a setting back to what the server was started with.
    func reset(_ name: String, backTo path: String) async throws -> Response {
        let changes = [name: String?.none]
        try await self.parts.settings.set(changes, at: self.parts.now())
        return Self.redirect(to: path, notice: Self.notice(changes), saved: [name])
    }

    private static func notice(_ changes: [String: String?]) -> String {
        if changes.isEmpty { return "Nothing was changed." }
        let late = SettingCatalog.all.filter { changes[$0.name] != nil && $0.needsRestart }.map { "“\($0.label)”" }
        return late.isEmpty
            ? "Saved. It counts from now on."
            : "Saved. \(late.joined(separator: ", ")) \(late.count == 1 ? "counts" : "count") from the next start on."
    }

    static func redirect(to path: String, notice: String, saved: [String]) -> Response {
        let allowed = CharacterSet.alphanumerics
        let values = [("notice", notice), ("saved", saved.joined(separator: " "))].map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }
        return Response(status: .seeOther, headers: [.location: "\(path)?\(values.joined(separator: "&"))"])
    }
}
