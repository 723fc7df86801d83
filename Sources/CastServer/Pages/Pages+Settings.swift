import CastCore
import Foundation

extension Pages {
    /// Every setting, with what it means, what it is and where that comes from.
    package func settings(_ view: SettingsView) -> String {
        let problems = view.rows.count { $0.problem != nil }
        let fields: Fields = [
            "notice": view.notice.orFalse,
            "problemSentence": self.problemSentence(problems).orFalse,
            "rows": view.rows.map(self.row),
        ]
        return self.render("settings", "Settings", fields, crumbs: [("Podcasts", "/")], place: .settings)
    }

    func problemSentence(_ count: Int) -> String? {
        switch count {
        case 0: nil
        case 1: "Nothing is saved: one value cannot be taken."
        default: "Nothing is saved: \(PageText.number(count)) values cannot be taken."
        }
    }

    func row(_ row: SettingsView.Row) -> Fields {
        let setting = row.setting
        let options: [(value: String, name: String)]
        let isNumber: Bool
        switch setting.form {
        case .bool: (options, isNumber) = ([("true", "On"), ("false", "Off")], false)
        case .int: (options, isNumber) = ([], true)
        case .text, .address: (options, isNumber) = ([], false)
        }
        return [
            "name": setting.name, "label": setting.label, "description": setting.description,
            "isChoice": !options.isEmpty,
            "options": options.map { option in
                ["value": option.value, "name": option.name, "isChosen": option.value == row.value] as Fields
            },
            "isNumber": isNumber, "value": row.value,
            "unit": (setting.unit.isEmpty ? nil : setting.unit).orFalse, "facts": self.facts(row),
            "needsRestart": setting.needsRestart, "isOurs": row.source == .database,
            "problem": row.problem.orFalse, "isSaved": row.isSaved,
        ]
    }

    func facts(_ row: SettingsView.Row) -> String {
        var facts: [String] = []
        if case .int(let range) = row.setting.form {
            facts.append("\(PageText.number(range.lowerBound)) to \(PageText.number(range.upperBound))")
        }
        let standard =
            switch row.setting.form {
            case .bool: row.standard == "true" ? "on" : "off"
            case .int: Int(row.standard).map(PageText.number) ?? row.standard
            case .text, .address: row.standard.isEmpty ? "empty" : row.standard
            }
        facts.append("default: \(standard)")
        switch row.source {
        case .standard: break
        case .environment: facts.append("from the variable \(row.setting.variable)")
        case .database: facts.append("set here")
        }
        return facts.joined(separator: " · ")
    }
}
