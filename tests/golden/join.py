"""Joins by pandas: python tests/golden/join.py > tests/golden/join.json

Missing keys match nothing (as in SQL), so they are told apart by a text of their own before pandas
sees them. A full join is the left join, then the right rows that match nothing, in their order.
A validation that fails is recorded as null rows.
"""
import itertools
import json

import pandas

LEFT = {"k": ["ü", "a", None, "b", "a", "日本", None, "zz"], "g": [1, 1, 1, 2, None, 2, 2, 1],
        "v": [1, 2, 3, 4, 5, 6, 7, 8], "only_left": list("ABCDEFGH")}
RIGHT = {"k": ["a", "日本", "c", "a", None, "ü", "b"], "g": [1, 2, 1, 1, 1, None, 2],
         "v": [10, 20, 30, 40, 50, 60, 70], "only_right": [.5, 1.5, 2.5, 3.5, 4.5, 5.5, None]}
UNIQUE = {"k": ["b", "a", None, "ü", "nobody"], "g": [2, 1, 1, 1, 2], "v": [1, 2, 3, 4, 5],
          "only_right": [.25, None, .75, 1.0, 1.25]}
HOWS = ["inner", "left", "full", "semi", "anti"]
RULES = ["many_to_many", "many_to_one", "one_to_many", "one_to_one"]
SUFFIXES = [["", "_right"], ["_x", "_y"]]


def frame(data, side):
    """Columns as objects; missing keys differ from all others and from those of the other side."""
    table = pandas.DataFrame({name: pandas.Series(values, dtype=object)
                              for name, values in data.items()})
    for name in ("k", "g"):
        table[name] = [f"?{side}{i}" if value is None else value
                       for i, value in enumerate(table[name])]
    table["row_" + side] = range(len(table))
    return table


def join(left, right, on, how, rule, suffix):
    if how in ("semi", "anti"):
        merged = left.merge(right[on], on=on, how="inner")
        kept = left["row_left"].isin(merged["row_left"])
        return left[kept if how == "semi" else ~kept].drop(columns="row_left")
    merged = left.merge(right, on=on, how="inner" if how == "inner" else "left",
                        suffixes=suffix, validate=rule)
    if how == "full":
        alone = right[~right["row_right"].isin(merged["row_right"])]
        renamed = {name: name + suffix[1] for name in right.columns
                   if name in left.columns and name not in on}
        merged = pandas.concat([merged, alone.rename(columns=renamed)], ignore_index=True)
    return merged.drop(columns=["row_left", "row_right"])


def has_repeats(table, on):
    present = table[~table[on].astype(str).apply(lambda c: c.str.startswith("?")).any(axis=1)]
    return bool(present.duplicated(on).any())


def cells(table):
    def cell(name, value):
        if value is None or value != value or (isinstance(value, str) and value.startswith("?")):
            return None
        return int(value) if name[0] in "gv" else value  # pandas makes i64 with gaps floats
    return [[cell(name, value) for name, value in zip(table.columns, row)]
            for row in table.itertuples(index=False)]


def main():
    out = {"left": LEFT, "right": {"repeated": RIGHT, "unique": UNIQUE}, "cases": []}
    for which, on, how, rule, suffix in itertools.product(
            ["repeated", "unique"], [["k"], ["k", "g"], ["g"]], HOWS, RULES, SUFFIXES):
        left, right = frame(LEFT, "left"), frame(out["right"][which], "right")
        fails = ((rule in ("one_to_one", "one_to_many") and has_repeats(left, on))
                 or (rule in ("one_to_one", "many_to_one") and has_repeats(right, on)))
        case = {"right": which, "on": on, "how": how, "validate": rule, "suffix": suffix}
        if not fails:
            result = join(left, right, on, how, rule, suffix)
            case["columns"], case["rows"] = list(result.columns), cells(result)
        out["cases"].append(case)
    print(json.dumps(out, ensure_ascii=False, indent=None, separators=(",", ":"))
          .replace('{"right":', '\n{"right":'))


if __name__ == "__main__":
    main()
