"""The train step: gradients on every replica, reduction, update, moving averages. Networks are trained by gradients from here alone."""

import functools

import tensorflow as tf

from tfgan.config import TrainConfig, as_flag
from tfgan.errors import UserError
from tfgan.layers import ForwardPass, fold_in, tuned
from tfgan.methods.base import Method, Phase, Stage
from tfgan.training.accumulation import in_parts
from tfgan.training.freezing import Frozen
from tfgan.training.grappler import spare_the_step

INITIAL_LOSS_SCALE = 2.0**15
LOSS_SCALE_GROWTH_STEPS = 2000  # finite steps after which the loss scale doubles, as in Keras' LossScaleOptimizer


class TrainStep(tf.Module):
    """Runs a method's phases under a strategy, several steps a call.

    All noise of a step follows from (seed, step, replica), so that a step repeated from a checkpoint is the same step.

    Args:
        method: built under `strategy`'s scope.
        strategy: says on which devices the step runs.
        seed: of dropout, DiffAugment and whatever else a method draws.
        xla: compile the whole step of a single replica, so that a GPU is asked once a step; of several replicas each one's forward and
            backward pass, while the reduction over replicas and what follows stays outside.
        loss_scaling: scale losses dynamically, as float16 needs, and leave out updates whose gradients are not finite.
        accumulate: parts in which a replica's batch goes through the networks, see `tfgan.training.accumulation`.

    Attributes:
        step: number of steps done.
        frozen: the layers that stay as they are.
        optimizers: by loss, those that have something to train.
        first_bad_step: the first step with a non-finite loss, or -1. It is kept on the device and read only when somebody asks.
        first_bad_loss: its place in `names`.
        names: of the scalars that `run` returns, known after the first call.

    Raises:
        UserError: the method sets an attribute by a name that is no longer read; or frozen layers that are not there, or all that there is.
    """

    def __init__(
        self,
        method: Method,
        strategy: tf.distribute.Strategy,
        *,
        seed: int,
        xla: bool = False,
        loss_scaling: bool = False,
        accumulate: int = 1,
    ):
        super().__init__()
        _refuse_old_words(method)
        spare_the_step()
        self.method, self.strategy, self.seed, self.loss_scaling = method, strategy, seed, loss_scaling
        self.names: list[str] = []
        self.alone = strategy.num_replicas_in_sync == 1  # then there is nobody to ask, which XLA would do by a collective
        with strategy.scope():
            self.phases, self.frozen = method.phases(), Frozen(method)
            trained = {loss: self._trainable(phase, loss) for phase in self.phases for loss in phase.trains}
            self.optimizers = {loss: optimizer for loss, optimizer in method.make_optimizers().items() if trained.get(loss)}
            if not self.optimizers:
                raise UserError(f"{as_flag('freeze', method.hparams.freeze)} leaves nothing to be trained.")
            for loss, optimizer in self.optimizers.items():
                optimizer.build(trained[loss])
            for name, average in method.ema.items():
                average.set_weights(method.networks[name].get_weights())
            self.step = method.step = self._counter(0, tf.int64)
            self.loss_scale = self._counter(INITIAL_LOSS_SCALE, tf.float32)
            self.good_steps = self._counter(0, tf.int64)
            self.first_bad_step = self._counter(-1, tf.int64)
            self.first_bad_loss = self._counter(0, tf.int64)
            self._latest = self._counter([], tf.float32, shape=[None])
        self._statistics: dict[str, list] = {}  # phase -> [(variable, momentum)], in the order in which the pass meets them
        compiled = functools.partial(tf.function, jit_compile=True, autograph=False)
        self._step = compiled(self._run_step) if xla and self.alone else self._run_step
        whole = {phase.name: functools.partial(self._phase_gradients, phase) for phase in self.phases}
        gradients = {name: functools.partial(in_parts, function, accumulate) for name, function in whole.items()}
        self._gradients = {name: compiled(function) for name, function in gradients.items()} if xla and not self.alone else gradients

    @classmethod
    def from_settings(cls, method: Method, training: TrainConfig, strategy: tf.distribute.Strategy) -> "TrainStep":
        """Makes the train step that the settings, without `auto`, ask for."""
        scaled = training.precision == "mixed_float16"
        return cls(method, strategy, seed=training.seed, xla=training.xla == "on", loss_scaling=scaled, accumulate=training.accumulate)

    @staticmethod
    def _counter(value, dtype, shape=None):
        return tf.Variable(value, dtype=dtype, shape=shape, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)

    def enter(self, stage: Stage, *, reset: bool):
        """Goes on with the images of another stage; `reset` forgets the optimizers' moments (Karras et al. 2018, appendix A)."""
        self.method.enter(stage)
        if reset:
            for optimizer in self.optimizers.values():
                for variable in optimizer.variables:
                    if not variable.path.endswith("learning_rate"):
                        variable.assign(tf.zeros_like(variable.value))

    def learning_rates(self) -> dict[str, float]:
        """The rate of the next update by each loss: learning_rate_NAME -> rate."""
        return {
            f"learning_rate_{name}": float(tf.convert_to_tensor(optimizer.learning_rate)) for name, optimizer in self.optimizers.items()
        }

    def _trainable(self, phase: Phase, loss: str):
        return [variable for name in phase.trains[loss] for variable in self.method.networks[name].trainable_variables]

    @tf.function(autograph=False)  # which takes a third of the time to trace (benchmarks/README.md), and nothing here needs it
    def run(self, iterator, count):
        """Does `count` (int32 scalar) steps, each on the method's number of batches from a distributed iterator.

        Returns:
            The last step's scalars, float32 of shape (len(names),), means over the global batch.
        """

        def do_step(number):
            batches = [iterator.get_next() for _ in range(self.method.batches_per_step)]
            # Images that do not arrive leave a step undone: counters, which need none, would else run ahead of what is learned.
            with tf.control_dependencies(tf.nest.flatten(batches, expand_composites=True)):
                self._latest.assign(self._step(batches, number == count - 1))
            return [number + 1]

        # The loop is around strategy.run: an optimizer inside a loop inside a replica cannot merge the replicas.
        tf.while_loop(lambda number: number < count, do_step, [tf.constant(0)])
        return tf.identity(self._latest)

    def _run_step(self, batches, reported):
        """Does one step; returns its scalars, in the order of `names`."""
        step_seed, batches = fold_in(tf.constant([self.seed, 0]), self.step), list(batches)
        scalars: dict[str, tf.Tensor] = {}
        for phase in self.phases:
            batch, seed = batches[phase.batch], fold_in(step_seed, phase.batch)
            if not phase.trains:
                scalars |= self._measure(phase, batch, seed, reported)
                continue
            gradients, phase_scalars, outputs, statistics, finite = self._run_phase(phase, batch, seed)
            means = {name: self._mean(value) for name, value in phase_scalars.items()}
            norms: dict[str, tf.Tensor] = {}
            if self.method.hparams.clip_norm:
                gradients, norms = self._clipped(gradients)
            self._update(phase, gradients, finite, means)
            self._update_statistics(phase, statistics)
            if outputs:
                batches[phase.batch] = batch | self._exchange(outputs, seed)
            scalars |= means | norms
        self._update_ema()
        self.names = sorted(scalars)
        self._latch(scalars)
        self.step.assign_add(1)
        return self._values(scalars)

    def _run_phase(self, phase, batch, seed):
        return self.strategy.run(self._replica_gradients, args=(phase, batch, seed, tf.identity(self.loss_scale)))

    def _measure(self, phase, batch, seed, reported):
        """The scalars of a phase that trains nothing; zeros in steps that are not reported."""
        names = []

        def measure():
            _, scalars, *_ = self._run_phase(phase, batch, seed)
            names.extend(scalars)
            return [self._mean(scalars[name]) for name in names]

        return dict(zip(names, tf.cond(reported, measure, lambda: [tf.zeros([])] * len(names))))

    def _exchange(self, outputs, seed):
        """Puts a phase's outputs, joined over the replicas, through the method's `exchange_outputs`, and shares the results out again."""
        exchanged = self.method.exchange_outputs({name: self._joined(value) for name, value in outputs.items()}, seed)

        def own_share(values):
            context = tf.distribute.get_replica_context()
            replica, replicas = context.replica_id_in_sync_group, context.num_replicas_in_sync
            return {name: tf.stack(tf.split(value, replicas))[replica] for name, value in values.items()}

        return self.strategy.run(own_share, args=(exchanged,))

    def _joined(self, value):
        if self.alone:
            return value
        joined = self.strategy.gather(value, axis=0)
        return tf.ensure_shape(joined, [self.method.stage.batch_size, *joined.shape[1:]])  # a cluster's batches do not know their size

    def _mean(self, value):
        return value if self.alone else self.strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)

    def _replica_gradients(self, phase, batch, seed, loss_scale):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return self._gradients[phase.name](batch, fold_in(seed, replica), loss_scale)

    def _phase_gradients(self, phase, batch, seed, loss_scale):
        """Gradients of one replica's share of the mean loss, scalars, outputs, batch statistics, and 1 if all gradients are finite or 0."""
        share = 1.0 / self.strategy.num_replicas_in_sync  # optimizers sum the replicas' gradients
        factor = loss_scale if self.loss_scaling else 1.0
        with tuned(), tf.GradientTape(persistent=len(phase.trains) > 1) as tape, ForwardPass(seed) as forward_pass:
            result = phase.losses(batch, seed)
            scaled = {name: loss * (share * factor) for name, loss in result.losses.items()}
        gradients = {}
        for name in (loss for loss in phase.trains if loss in self.optimizers):
            raw = tape.gradient(scaled[name], [v.value for v in self._trainable(phase, name)], unconnected_gradients="zero")
            gradients[name] = [g / factor for g in raw] if self.loss_scaling else raw
        finite = tf.constant(1.0)
        if self.loss_scaling and gradients:
            finite = tf.cast(tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in tf.nest.flatten(gradients)]), tf.float32)
        statistics = self._own_statistics(phase, forward_pass)
        scalars = {f"{name}_loss": loss for name, loss in result.losses.items()} | dict(result.scalars)
        return gradients, scalars, dict(result.outputs), statistics, finite

    def _own_statistics(self, phase, forward_pass):
        """Batch statistics of the networks that this phase trains; a network that is only used keeps its moving averages."""
        own = {id(v) for names in phase.trains.values() for name in names for v in self.method.networks[name].non_trainable_variables}
        kept = [s for s in forward_pass.statistics if id(s.variable) in own]
        self._statistics[phase.name] = [(s.variable, s.momentum) for s in kept]
        return [s.value for s in kept]

    def _clipped(self, gradients):
        """The gradients of each loss, scaled down where their sums over the replicas have more than the norm `clip_norm` together.

        Keras' `global_clipnorm` is taken of each replica's own share, whose norm is another one.

        Returns:
            Shares of the replicas, which optimizers sum, as they came; and the norms before, by scalar, 0 where loss scaling has made one
            that is not finite, and no update follows.
        """
        most = self.method.hparams.clip_norm

        def clip(gradients):
            context, clipped, norms = tf.distribute.get_replica_context(), {}, {}
            for loss, shares in gradients.items():
                whole = shares if self.alone else context.all_reduce(tf.distribute.ReduceOp.SUM, shares)
                norm = tf.linalg.global_norm(whole)
                share = most / tf.maximum(norm, most) / context.num_replicas_in_sync
                clipped[loss] = [g * share for g in whole]
                known = tf.math.is_finite(norm) if self.loss_scaling else True
                norms[f"grad_norm_{loss}"] = tf.where(known, norm, 0.0)
            return clipped, norms

        clipped, norms = self.strategy.run(clip, args=(gradients,))
        return clipped, {name: self._mean(norm) for name, norm in norms.items()}

    def _update(self, phase, gradients, finite, means):
        wanted = phase.gate(means) if phase.gate else {}

        def apply(loss, values):
            self.optimizers[loss].apply(values, self._trainable(phase, loss))

        def apply_all():
            for loss, values in gradients.items():
                update = functools.partial(self._do, apply, loss, values)
                # The branch must be around strategy.run, not inside it.
                tf.cond(wanted[loss], update, lambda: None) if wanted else update()

        if not self.loss_scaling:
            apply_all()
            return
        replicas = tf.cast(self.strategy.num_replicas_in_sync, tf.float32)
        all_finite = self.strategy.reduce(tf.distribute.ReduceOp.SUM, finite, axis=None) == replicas

        def grow():
            apply_all()
            full = self.good_steps + 1 >= LOSS_SCALE_GROWTH_STEPS
            self.good_steps.assign(tf.where(full, tf.zeros_like(self.good_steps), self.good_steps + 1))
            self.loss_scale.assign(tf.where(full, self.loss_scale * 2.0, self.loss_scale))

        def shrink():
            self.good_steps.assign(0)
            self.loss_scale.assign(tf.maximum(self.loss_scale / 2.0, 1.0))

        tf.cond(all_finite, grow, shrink)

    def _do(self, function, *arguments):
        """Calls a function on every replica, for its effect."""
        self.strategy.run(function, args=arguments)

    def _update_statistics(self, phase, statistics):
        for (variable, momentum), value in zip(self._statistics[phase.name], statistics):
            variable.assign(variable.value * momentum + self._mean(value) * (1.0 - momentum))

    def _update_ema(self):
        kept, fresh = self._ema_shares()
        for name, average in self.method.ema.items():
            pairs = zip(average.weights, self.method.networks[name].weights)
            for mean, variable in ((mean, variable) for mean, variable in pairs if id(variable) not in self.frozen.weights):
                mean.assign(mean.value * kept + variable.value * fresh)

    def _ema_shares(self):
        """The shares of a moving average that a step keeps and takes from the weights.

        With warm-up, that of TensorFlow's ExponentialMovingAverage, step t keeps (1 + t) / (10 + t) at most. The constant decay alone keeps
        the initial weights for thousands of steps.
        """
        decay = self.method.ema_decay
        if not self.method.ema_warmup:
            return decay, 1.0 - decay
        fresh = tf.maximum(1.0 - decay, 9.0 / (10.0 + tf.cast(self.step, tf.float32)))
        return 1.0 - fresh, fresh

    def _values(self, scalars):
        return tf.stack([tf.cast(scalars[name], tf.float32) for name in self.names])

    def _latch(self, scalars):
        """Remembers the first step with a non-finite scalar, without asking the host."""
        bad = tf.logical_not(tf.math.is_finite(self._values(scalars)))
        first = tf.reduce_any(bad) & (self.first_bad_step < 0)
        self.first_bad_loss.assign(tf.where(first, tf.argmax(bad), self.first_bad_loss))
        self.first_bad_step.assign(tf.where(first, self.step, self.first_bad_step))


def _refuse_old_words(method: Method):
    """Raises `UserError` for a method that sets what is no longer read: it would have no moving average, without a word."""
    for old, new in {"averages": "ema", "average_decay": "ema_decay"}.items():
        if hasattr(method, old):
            raise UserError(f"{type(method).__name__}.{old} is called {new} now: give it this name.")
