# library: stormpy
# requires: stormpy numpy
# jobs: planning
import numpy as np
import stormpy
from job import run
from stormpy.developer.storage import (
    SparseMatrixBuilder,
    SparseMdp,
    SparseModelComponents,
    SparseRewardModel,
    StateLabeling,
)


def planning(request):
    # Discounting as a transition of probability 1 - discount to an absorbing goal; the total reward until then.
    # The library's default accuracy (1e-6) is that of the job.
    model, n_states, n_actions = np.load(request["model"]), request["n_states"], request["n_actions"]
    discount, goal = request["discount"], request["n_states"]
    builder = SparseMatrixBuilder(0, 0, 0, False, True, 0)
    row = 0
    for _ in range(n_states):
        builder.new_row_group(row)
        for _ in range(n_actions):
            part = slice(model["indptr"][row], model["indptr"][row + 1])
            for successor, p in sorted(zip(model["successors"][part].tolist(), model["probabilities"][part].tolist())):
                builder.add_next_value(row, successor, discount * p)
            builder.add_next_value(row, goal, 1.0 - discount)
            row += 1
    builder.new_row_group(row)
    builder.add_next_value(row, goal, 1.0)
    labeling = StateLabeling(n_states + 1)
    for label, state in (("init", 0), ("goal", goal)):
        labeling.add_label(label)
        labeling.add_label_to_state(label, state)
    rewards = {"r": SparseRewardModel(optional_state_action_reward_vector=[*model["rewards"].tolist(), 0.0])}
    components = SparseModelComponents(builder.build(), labeling, rewards, False)
    mdp = SparseMdp(components)
    formula = stormpy.parse_properties('R{"r"}max=? [F "goal"]')[0]
    return lambda: stormpy.model_checking(mdp, formula, only_initial_states=False)


run({"planning": planning})
